package trace_test

import (
	"context"
	"fmt"
	"regexp"

	"github.com/oidcflow/oidcflow/flow/trace"
)

type printer struct{}

// The digits of a label differ in each run.
func (printer) Record(e trace.Event) {
	fmt.Println(e.Kind, regexp.MustCompile(`[0-9a-f]{4}»`).ReplaceAllString(e.Message, "3f9a»"))
}

func Example() {
	ctx := trace.WithRecorder(context.Background(), trace.NewRedactor().Recorder(printer{}))
	trace.Learn(ctx, trace.NewSecret("password", "correct horse", "login.example.com"))

	trace.Record(ctx, trace.Event{Kind: trace.Note, Message: "typed correct horse"})
	trace.Record(ctx, trace.Event{Kind: trace.Note, Message: "now at https://app.example.com/?code=c0dE-1&state=x"})
	err := trace.MaySend(ctx, &trace.Message{URL: "https://evil.example/?p=correct+horse"})
	fmt.Println(err)
	// Output:
	// note typed «password 3f9a»
	// note now at https://app.example.com/?code=«code 3f9a»&state=«state 3f9a»
	// refusing to send the password to "evil.example": it is not for this host
}
