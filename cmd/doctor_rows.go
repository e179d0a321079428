package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/report"
)

// What doctor says of one thing that it examined.
const (
	statusOK   = "ok"
	statusWarn = "warn" // works, or may work, but somebody should look at it
	statusFail = "fail"
	statusSkip = "skip" // could not be examined, because something before it failed or was not given
)

// finding is one line of doctor's answer. Names and members stay; further ones are added.
type finding struct {
	Name    string `json:"name"`
	Status  string `json:"status"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"` // the line that mends it

	exit int // what a failure of this makes of the exit code
}

func rowOK(name, message string) finding {
	return finding{Name: name, Status: statusOK, Message: message}
}

func rowWarn(name, message, hint string) finding {
	return finding{Name: name, Status: statusWarn, Message: message, Hint: hint}
}

func rowFail(name string, exit int, message, hint string) finding {
	return finding{Name: name, Status: statusFail, Message: message, Hint: hint, exit: exit}
}

func rowSkip(name, message string) finding {
	return finding{Name: name, Status: statusSkip, Message: message}
}

// rowError returns the failure that err is, with the exit code that any other command would end with.
func rowError(name string, err error) finding {
	row := rowFail(name, exitCode(report.ErrorCode(err)), err.Error(), "")
	var e *flow.Error
	if errors.As(err, &e) {
		row.Hint = e.Hint
	}
	return row
}

// mendFirst is the order in which failures are to be mended, by their exit codes: a wrong call makes everything after
// it moot, and what the provider does wrong is known only once it is reached.
var mendFirst = []int{exitUsage, exitMachine, exitTimeout, exitProvider, exitSignIn, exitFailed}

// doctorExit returns the exit code for rows: that of the failure to mend first, or 0.
func doctorExit(rows []finding) int {
	for _, code := range mendFirst {
		if slices.ContainsFunc(rows, func(r finding) bool { return r.Status == statusFail && r.exit == code }) {
			return code
		}
	}
	return exitOK
}

// printRows writes rows for people: a line each, and the hint below it.
func printRows(w io.Writer, rows []finding) error {
	width := 0
	for _, r := range rows {
		width = max(width, len(r.Name))
	}
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "%-4s  %-*s  %s\n", r.Status, width, r.Name, report.Plain(r.Message))
		if r.Hint != "" {
			fmt.Fprintf(&b, "%-4s  %-*s  → %s\n", "", width, "", report.Plain(r.Hint))
		}
	}
	fmt.Fprintf(&b, "\n%s\n", summary(rows))
	_, err := io.WriteString(w, b.String())
	return err
}

// printRowsJSON writes rows as an array of objects.
func printRowsJSON(w io.Writer, rows []finding) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(rows)
}

func summary(rows []finding) string {
	count := map[string]int{}
	for _, r := range rows {
		count[r.Status]++
	}
	text := fmt.Sprintf("%d ok, %d to look at, %d failed", count[statusOK], count[statusWarn], count[statusFail])
	if n := count[statusSkip]; n > 0 {
		text += fmt.Sprintf(", %d not examined", n)
	}
	return text + "."
}
