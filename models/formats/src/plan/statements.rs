//! All statements of a plan, whatever they are part of.

use super::Plan;
use crate::program::{Block, Program, Statement};

impl Plan {
    /// Visits every statement of every program in the order in which they stand in the listing: each before what is
    /// inside it, those of children, handlers and successors included.
    pub fn for_each_statement(&self, visit: &mut dyn FnMut(&Statement)) {
        self.programs.iter().for_each(|input| visit_program(&input.program, visit));
    }

    /// How many statements there are.
    #[must_use]
    pub fn statement_count(&self) -> usize {
        let mut all = 0;
        self.for_each_statement(&mut |_| all += 1);
        all
    }
}

fn visit_program(program: &Program, f: &mut dyn FnMut(&Statement)) {
    visit_block(&program.body, f);
    program.updates.values().for_each(|handler| visit_block(&handler.body, f));
    program.continue_as.iter().for_each(|next| visit_program(next, f));
}

fn visit_block(block: &Block, f: &mut dyn FnMut(&Statement)) {
    for statement in block {
        f(statement);
        match statement {
            Statement::Child(call) => visit_program(&call.program, f),
            Statement::Parallel { branches, .. } => branches.iter().for_each(|branch| visit_block(branch, f)),
            Statement::Scope { body, .. } => visit_block(body, f),
            Statement::Try { body, catch, finally } => {
                visit_block(body, f);
                catch.iter().for_each(|catch| visit_block(catch, f));
                visit_block(finally, f);
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
