//! Words in texts, as SQLite finds them: runs of letters and digits, whatever their case.

/// The words of a text, in lower case.
pub(super) fn words(text: &str) -> Vec<String> {
    let runs = text.split(|c: char| !c.is_alphanumeric()).filter(|run| !run.is_empty());
    runs.map(str::to_lowercase).collect()
}

/// The words stand in the text one behind the other.
pub(super) fn contains(text: &[String], phrase: &[String]) -> bool {
    !phrase.is_empty() && text.windows(phrase.len()).any(|part| part == phrase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_is_found_whatever_its_case() {
        let text = words("Hello, big-World 7");
        assert_eq!(text, ["hello", "big", "world", "7"]);
        assert!(contains(&text, &words("BIG world")) && !contains(&text, &words("hello world")));
        assert!(!contains(&text, &words("--")), "that is no word");
    }
}
