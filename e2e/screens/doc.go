// Package screens is the table of what Okta's sign-in shows, and plays it: each row is a screen or an error, each cell
// the row on one generation of Okta's widget, signed in by one driver. mockidp is Okta, the widget is the real one, and a
// cell has come out right when a whole sign-in has: the tokens that were due, by the factors that were asked for, or the
// error that was.
//
// A [Stage] plays a [Cell] and returns an [Outcome], which [Cell.Check] compares with the row. A [Table] takes what came
// of the cells and prints it.
package screens
