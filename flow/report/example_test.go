package report_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/report"
	"github.com/oidcflow/oidcflow/flow/trace"
)

func Example() {
	console := report.Console(os.Stdout, report.ConsoleOptions{Verbose: true})
	ctx := trace.WithRecorder(context.Background(), trace.NewRedactor().Recorder(console))

	trace.Record(ctx, trace.Event{Kind: trace.Page, Name: "password", Title: "Sign In\x1b[2J", URL: "https://op.example.com/login"})
	trace.Record(ctx, trace.Event{Kind: trace.HTTP, Duration: 12 * time.Millisecond, HTTP: &trace.Message{
		Method: "GET", URL: "https://op.example.com/keys", Status: 200,
	}})
	err := &flow.Error{Step: trace.SignIn, Code: "signin.invalid_credentials",
		Err: errors.New("the provider refused the password"), Hint: "look at the file of --password-file"}
	fmt.Print(report.ErrorText(err))
	// Output:
	//   page password "Sign In" https://op.example.com/login
	//   GET https://op.example.com/keys 200 12ms
	// error: signin: the provider refused the password (signin.invalid_credentials)
	// hint: look at the file of --password-file
}
