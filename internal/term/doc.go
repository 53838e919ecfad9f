// Package term shows a Result on a terminal, in a mail, a log or a pipe: plain ASCII marks, bars of # and /, lines never
// longer than the width. Colour, where there is any, only repeats what marks and words say. Nothing is ever green.
//
// Here: the page (Write), the line that shows how far reading has come (Progress), and Visible, which shows what in a name
// from the wire would act instead of being read. Not here: any judgement; the words of the first answers are
// judge.Headlines, so that the report says the same. Whether there is colour and how wide the terminal is, cmd decides.
//
// Start at Write.
package term
