// Package agreement is the contract as data: it reads an agreement from YAML, refuses what is wrong in words a customer
// understands, and says what was promised and what is to be expected at a time.
//
// Here: the shape of an agreement (types.go, service.go), its values (values.go, sets.go), reading (Parse), checking
// (validate.go), the Scope handed to a sensor (scope.go), the calendar (calendar.go), promises (promises.go), expected
// events (expect.go), an agreement in plain words (Explain), a first agreement (InitFrom, Suggest) and the reference of
// all fields (Reference).
//
// Not here: whether a promise was kept (coverage), how it is shown (term, report), files, clocks and questions to a person
// (cmd). Time zones come from the time package; a program that must run anywhere embeds time/tzdata.
//
// Start at Parse and Agreement. The doc, default and example of each field stand in its struct tag and nowhere else: the
// decoder, the errors and docs/agreement/reference.md are made from them.
package agreement
