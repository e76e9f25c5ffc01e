package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"bulksync/graph/auth"
)

// choice is a closed set of words: the values of a flag, or of a variable of the
// environment that stands for it.
type choice []string

// wordsOf are the words of typed constants.
func wordsOf[T ~string](all ...T) []T { return all }

// choiceOf is the choice of typed words.
func choiceOf[T ~string](words []T) choice {
	var c choice
	for _, word := range words {
		c = append(c, string(word))
	}
	return c
}

// placeholder is the choice in a help text.
func (c choice) placeholder() string { return strings.Join(c, "|") }

// find is the word that a text is, in any letter case. The error says what was
// probably meant.
func (c choice) find(text string) (string, error) {
	for _, word := range c {
		if strings.EqualFold(word, text) {
			return word, nil
		}
	}
	return "", &choiceError{text, c}
}

// otherWords are what people call some words elsewhere.
var otherWords = [...]struct{ other, word string }{
	{"md", "markdown"}, {"htm", "html"}, {"txt", "text"}, {"table", "text"}, {"plain", "text"}, {"excel", "csv"}, {"xlsx", "csv"}, {"jsonl", "json"}, {"yaml", "json"},
	{"public", "global"}, {"commercial", "global"}, {"azurecloud", "global"}, {"worldwide", "global"}, {"gcc", "global"},
	{"gcchigh", "usgov"}, {"gcc-high", "usgov"}, {"azureusgovernment", "usgov"}, {"usgovernment", "usgov"}, {"us", "usgov"},
	{"dod", "usgov-dod"}, {"azurechinacloud", "china"}, {"21vianet", "china"},
	{"warning", "warn"}, {"verbose", "info"}, {"trace", "debug"}, {"fatal", "error"},
	{"none", "off"}, {"never", "off"}, {"no", "off"}, {"never", "none"}, {"always", "any"}, {"all", "any"}, {"abort", "stop"}, {"fail", "stop"}, {"skip", "hold"}, {"continue", "hold"},
	{"medium", "normal"}, {"tenant", "all"}, {"undo", "apply"}, {"msteams", "teams"}, {"pwsh", "powershell"}, {"ps", "powershell"}, {"sh", "bash"},
}

// near is the word that was probably meant; empty if none is.
func (c choice) near(text string) string {
	if word := c.named(text); word != "" {
		return word
	}
	text = strings.ToLower(text)
	if way := auth.NearestWay(text); slices.Equal(c, choice(auth.Ways())) && way != "" {
		return way
	}
	return similar(text, c)
}

// named is the word that a name stands for as it is, or as others call it; empty if
// none is.
func (c choice) named(name string) string {
	if word, err := c.find(name); err == nil {
		return word
	}
	for _, o := range otherWords {
		if o.other == strings.ToLower(name) && slices.Contains(c, o.word) {
			return o.word
		}
	}
	return ""
}

// choiceError is a text that is none of the words.
type choiceError struct {
	text  string
	words choice
}

// Error lists the words.
func (e *choiceError) Error() string {
	last := len(e.words) - 1
	if last == 0 {
		return fmt.Sprintf("%q is not %s", e.text, e.words[0])
	}
	return fmt.Sprintf("%q is not %s or %s", e.text, strings.Join(e.words[:last], ", "), e.words[last])
}

// of is the error with the name of the flag or of the variable, and with what was
// probably meant.
func (e *choiceError) of(name string) error {
	err := fmt.Errorf("%s: %w", name, e)
	if near := e.words.near(e.text); near != "" {
		return hinted(err, "did you mean "+near+"?")
	}
	return err
}

// choiceValue is a flag whose value is one of a few words. An empty one is left to
// checkGiven.
type choiceValue[T ~string] struct {
	value *T
	words choice
}

// choiceVar adds a flag whose value is one of a few words: it refuses any other,
// and completes itself.
func choiceVar[T ~string](fl *pflag.FlagSet, value *T, name string, standard T, words []T, usage string) {
	*value = standard
	fl.Var(&choiceValue[T]{value, choiceOf(words)}, name, usage)
}

// String is the value.
func (v *choiceValue[T]) String() string {
	if v.value == nil {
		return ""
	}
	return string(*v.value)
}

// Type is the placeholder in the help.
func (v *choiceValue[T]) Type() string { return v.words.placeholder() }

// Set takes one of the words.
func (v *choiceValue[T]) Set(text string) error {
	word, err := v.words.find(text)
	if err != nil && text != "" {
		return err
	}
	*v.value = T(word)
	return nil
}

// choices are the words that the flag takes.
func (v *choiceValue[T]) choices() choice { return v.words }

// choiceList is a flag that takes several of a few words, with commas.
type choiceList struct {
	values *[]string
	words  choice
}

// choiceListVar adds a flag that takes several of a few words.
func choiceListVar(fl *pflag.FlagSet, values *[]string, name string, words choice, usage string) {
	fl.Var(&choiceList{values, words}, name, usage)
}

// String is the list.
func (v *choiceList) String() string {
	if v.values == nil {
		return ""
	}
	return strings.Join(*v.values, ",")
}

// Type is the placeholder in the help.
func (v *choiceList) Type() string { return v.words.placeholder() }

// Set adds words to the list.
func (v *choiceList) Set(text string) error {
	for one := range strings.SplitSeq(text, ",") {
		word, err := v.words.find(strings.TrimSpace(one))
		if err != nil && text != "" {
			return err
		}
		*v.values = append(*v.values, word)
	}
	return nil
}

// choices are the words that the flag takes.
func (v *choiceList) choices() choice { return v.words }

// choicesOf are the words that a flag of a command takes; nil if they are no
// closed set. Which formats there are is a matter of the command.
func choicesOf(verb string, f *pflag.Flag) (words choice, list bool) {
	if f.Name == "format" {
		return formatsOf(verb), false
	}
	if set, ok := f.Value.(interface{ choices() choice }); ok {
		_, list = f.Value.(*choiceList)
		return set.choices(), list
	}
	return nil, false
}

// placeholderKey is the annotation of a flag that holds its placeholder.
const placeholderKey = "placeholder"

// takePlaceholder takes the placeholder out of the usage of a flag, which is written
// as "`FILE`: file to save the plan in".
func takePlaceholder(f *pflag.Flag) {
	before, text, found := strings.Cut(f.Usage, "`: ")
	if !found {
		return
	}
	f.Usage = text
	f.Annotations = map[string][]string{placeholderKey: {strings.TrimPrefix(before, "`")}}
}

// placeholderOf is what stands for the value of a flag in a help text; empty for a
// switch.
func placeholderOf(verb string, f *pflag.Flag) string {
	if words, _ := choicesOf(verb, f); words != nil {
		return words.placeholder()
	}
	return strings.Join(f.Annotations[placeholderKey], "")
}

// defaultOf is the default of a flag as its help shows it; empty if there is none
// to show.
func defaultOf(f *pflag.Flag) string {
	switch f.DefValue {
	case "", "0", "0s", "false", "[]", "<nil>":
		return ""
	}
	if f.Value.Type() == "duration" {
		return cmp.Or(shortDuration(f.DefValue), f.DefValue)
	}
	return f.DefValue
}

// shortDuration is a duration without the parts that are zero: 5m0s is 5m.
func shortDuration(text string) string {
	text = strings.TrimSuffix(text, "m0s") + map[bool]string{true: "m"}[strings.HasSuffix(text, "m0s")]
	return strings.TrimSuffix(text, "h0m") + map[bool]string{true: "h"}[strings.HasSuffix(text, "h0m")]
}

// notAChoice is the error for a variable of the environment whose value is none of
// the words.
func notAChoice(variable string, words choice, text string) error {
	return (&choiceError{text, words}).of(variable)
}
