// Package trace records what happens in an exchange, and sees to it that no secret is among it.
//
// A recorder rides in the context. Whoever starts an exchange puts one there; the engine and the drivers record into
// it and never hold one:
//
//	r := trace.NewRedactor()
//	ctx = trace.WithRecorder(ctx, r.Recorder(console, log))
//	trace.Learn(ctx, trace.NewSecret("password", value, "login.example.com"))
//	client := &http.Client{Transport: &trace.Transport{}}
//
// # Terms
//
//   - Event: one thing that happened, flat and the same for all senders: a step's begin and end, a request with its
//     response, a page, an action on it, a note.
//   - Recorder: takes events. A sink is a recorder that writes them somewhere.
//   - Door: [Redactor.Recorder], the recorder before all sinks. It puts labels in place of secrets.
//   - Secret: a value that prints as «redacted», and that knows the hosts it may be sent to.
//   - Label: what stands in place of a secret, such as «access_token 3f9a»: its kind, and four digits that are the
//     same wherever the same value was.
//
// # Two ways of being secret
//
// A secret that was given to [Learn] is redacted, and [Transport] sends it to its hosts only; without hosts, nowhere.
// A secret that the [Redactor] finds by its name, such as a parameter code in a URL, is redacted from then on, too,
// but may be sent anywhere: nobody said where it belongs.
//
// # Limits
//
// Values under four bytes are redacted where their name stands and not looked for elsewhere. Up to three layers of
// escapes are seen through (a link in JSON in a page), and of a whole value alone: a provider that cuts a value in two
// or enciphers it is not hindered. What is not text, such as an image, passes as it is.
package trace
