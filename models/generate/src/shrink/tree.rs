//! The statements and programs of a plan by number, and how to replace one.
//!
//! Statements are numbered in the order in which they stand in the listing: each before what is inside it. Programs too:
//! children where they stand, then what a program continues as.

use resurgam_formats::plan::Plan;
use resurgam_formats::program::{Block, Program, Statement};

/// Gives every statement, by its number, what shall stand in its place. What is inside is rewritten first.
pub(super) fn rewrite(plan: &mut Plan, f: &mut dyn FnMut(usize, Statement) -> Vec<Statement>) {
    let mut number = 0;
    for input in &mut plan.programs {
        in_program(&mut input.program, &mut number, f);
    }
}

/// The statement of a number.
pub(super) fn statement(plan: &Plan, number: usize) -> Option<Statement> {
    let (mut next, mut found) = (0, None);
    let mut visit = |statement: &Statement| {
        if next == number {
            found = Some(statement.clone());
        }
        next += 1;
    };
    plan.for_each_statement(&mut visit);
    found
}

/// Replaces the statement of a number.
pub(super) fn replace(plan: &Plan, number: usize, by: Vec<Statement>) -> Plan {
    let mut plan = plan.clone();
    let mut by = Some(by);
    rewrite(&mut plan, &mut |n, statement| if n == number { by.take().unwrap_or_default() } else { vec![statement] });
    plan
}

/// Every program, by its number.
pub(super) fn programs(plan: &mut Plan, f: &mut dyn FnMut(usize, &mut Program)) {
    fn one(program: &mut Program, number: &mut usize, f: &mut dyn FnMut(usize, &mut Program)) {
        let own = *number;
        *number += 1;
        for block in blocks(program) {
            inside(block, number, f);
        }
        if let Some(next) = &mut program.continue_as {
            one(next, number, f);
        }
        f(own, program);
    }
    fn inside(block: &mut Block, number: &mut usize, f: &mut dyn FnMut(usize, &mut Program)) {
        for statement in block {
            match statement {
                Statement::Child(call) => one(&mut call.program, number, f),
                Statement::Parallel { .. } | Statement::Scope { .. } | Statement::Try { .. } => {
                    parts(statement).into_iter().for_each(|block| inside(block, number, f));
                }
                Statement::Set { .. }
                | Statement::Activity(_)
                | Statement::LocalActivity { .. }
                | Statement::Timer { .. }
                | Statement::AwaitSignal { .. }
                | Statement::Condition { .. }
                | Statement::Fail { .. } => {}
            }
        }
    }
    let mut number = 0;
    plan.programs.iter_mut().for_each(|input| one(&mut input.program, &mut number, f));
}

fn in_program(program: &mut Program, number: &mut usize, f: &mut dyn FnMut(usize, Statement) -> Vec<Statement>) {
    for block in blocks(program) {
        in_block(block, number, f);
    }
    if let Some(next) = &mut program.continue_as {
        in_program(next, number, f);
    }
}

fn in_block(block: &mut Block, number: &mut usize, f: &mut dyn FnMut(usize, Statement) -> Vec<Statement>) {
    let mut all = Vec::with_capacity(block.len());
    for mut statement in std::mem::take(block) {
        let own = *number;
        *number += 1;
        if let Statement::Child(call) = &mut statement {
            in_program(&mut call.program, number, f);
        }
        for block in parts(&mut statement) {
            in_block(block, number, f);
        }
        all.extend(f(own, statement));
    }
    *block = all;
}

/// The blocks of a program, without those of what it continues as.
fn blocks(program: &mut Program) -> impl Iterator<Item = &mut Block> {
    std::iter::once(&mut program.body).chain(program.updates.values_mut().map(|handler| &mut handler.body))
}

/// The blocks of a statement, without those of a child.
fn parts(statement: &mut Statement) -> Vec<&mut Block> {
    match statement {
        Statement::Parallel { branches, .. } => branches.iter_mut().collect(),
        Statement::Scope { body, .. } => vec![body],
        Statement::Try { body, catch, finally } => {
            std::iter::once(body).chain(catch.as_mut()).chain([finally]).collect()
        }
        // A child has a program of its own.
        Statement::Child(_) => Vec::new(),
        Statement::Set { .. }
        | Statement::Activity(_)
        | Statement::LocalActivity { .. }
        | Statement::Timer { .. }
        | Statement::AwaitSignal { .. }
        | Statement::Condition { .. }
        | Statement::Fail { .. } => Vec::new(),
    }
}
