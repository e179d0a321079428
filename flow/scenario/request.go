package scenario

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/check"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// maxResponse is how much of a response is read.
const maxResponse = 1 << 20

// request makes the request of a request block, and judges its asserts.
func (p *play) request(ctx context.Context, n *node) {
	r, diags := p.newRequest(ctx, n)
	if diags.HasErrors() {
		p.outcome.wrong(check.Error, n.label, diags)
		return
	}
	response, err := p.send(r)
	if err != nil {
		problem := problemOf(check.Error, err)
		problem.Name, problem.At = n.label, &n.at
		p.outcome.add(problem)
		return
	}
	p.exchange.made.responses[n.label] = response
	p.scope.values[AfterRequest] = map[string]cty.Value{"response": response}
	p.outcome.assert(p, n.all("assert"), AfterRequest)
	p.scope.values[AfterRequest] = nil
}

// newRequest evaluates the block. A request that holds a secret may carry the tokens of the file to its host, which has
// been found to be one that they may go to.
func (p *play) newRequest(ctx context.Context, n *node) (*http.Request, hcl.Diagnostics) {
	eval := p.scope.context(AfterRun)
	address, diags := n.value("url", eval)
	headers, wrong := n.value("headers", eval)
	diags = append(diags, wrong...)
	body, wrong := n.value("body", eval)
	diags = append(diags, wrong...)
	method, wrong := n.text("method", eval)
	if diags = append(diags, wrong...); diags.HasErrors() {
		return nil, diags
	}
	u, err := p.mayAsk(strings.Join(stringsOf(address), ""))
	if err != nil {
		return nil, veiled(n.attributes["url"].Expr, eval, append(diags, mistake(n.where("url"), "Request that is not allowed", "%v.", err)))
	}
	if address.ContainsMarked() || headers.ContainsMarked() || body.ContainsMarked() {
		p.letTokensGo(ctx, u)
	}
	content, isJSON, err := bodyOf(body)
	if err != nil {
		return nil, append(diags, mistake(n.where("body"), "Unsuitable value type", "body: %v.", err))
	}
	standard := http.MethodGet
	if content != nil {
		standard = http.MethodPost
	}
	r, err := http.NewRequestWithContext(ctx, cmp.Or(strings.ToUpper(method), standard), u.String(), bytes.NewReader(content))
	if err != nil {
		return nil, append(diags, mistake(n.where("method"), "Unsuitable value", "method: want one of HTTP."))
	}
	if isJSON {
		r.Header.Set("Content-Type", "application/json")
	}
	headers, _ = headers.UnmarkDeep()
	for name, value := range textsByName(headers) {
		r.Header.Set(name, value)
	}
	return r, diags
}

// mayAsk returns raw as a URL if requests may go there: to the issuer's host, to loopback where the issuer is, and to
// the hosts that the user allowed. A file from elsewhere could send tokens and secrets anywhere else.
func (p *play) mayAsk(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("url: want https://HOST/…")
	}
	issuer, err := url.Parse(p.config.Issuer)
	if err != nil {
		return nil, fmt.Errorf("the issuer is no URL")
	}
	host := u.Hostname()
	switch {
	case u.Scheme == "http" && !flow.IsLoopback(host) && !p.config.InsecureHTTP:
		return nil, fmt.Errorf("url: want https; plain http is for loopback hosts only, or with --insecure-http")
	case strings.EqualFold(host, issuer.Hostname()), flow.IsLoopback(host) && flow.IsLoopback(issuer.Hostname()),
		slices.Contains(p.show.program.AllowHosts, u.Host), slices.Contains(p.show.program.AllowHosts, host):
		return u, nil
	}
	return nil, fmt.Errorf("url: %q is not the issuer's host; --allow-host %s allows it", host, host)
}

// letTokensGo lets the tokens that were got so far go to the host of u. Refresh tokens are for the provider alone.
func (p *play) letTokensGo(ctx context.Context, u *url.URL) {
	for _, x := range p.show.made {
		for _, t := range []trace.Secret{x.made.Tokens.AccessToken, x.made.Tokens.IDToken} {
			if !t.IsZero() {
				trace.Learn(ctx, t.For(u.Host))
			}
		}
	}
}

// bodyOf is the content of a request: text as it is, anything else as JSON. It is nil where there is none.
func bodyOf(v cty.Value) (content []byte, isJSON bool, err error) {
	v, _ = v.UnmarkDeep()
	switch {
	case v.IsNull():
		return nil, false, nil
	case v.Type() == cty.String:
		return []byte(v.AsString()), false, nil
	}
	content, err = ctyjson.Marshal(v, v.Type())
	return content, true, err
}

// send makes the request and returns the response as asserts read it. A redirect is a response.
func (p *play) send(r *http.Request) (cty.Value, error) {
	client := &http.Client{
		Transport:     &trace.Transport{Base: p.config.Transport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	began := time.Now()
	resp, err := client.Do(r)
	if err != nil {
		return cty.NilVal, requestError(r, err)
	}
	defer func() { _ = resp.Body.Close() }() // the body was read
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse+1))
	if err != nil {
		return cty.NilVal, requestError(r, err)
	}
	if len(body) > maxResponse {
		return cty.NilVal, fmt.Errorf("%s: the response has more than %d bytes", r.URL.Redacted(), maxResponse)
	}
	return responseOf(resp, body, time.Since(began)), nil
}

// requestError names the host and the cause: the URL could hold a secret.
func requestError(r *http.Request, err error) error {
	code := "env.unreachable"
	if r.Context().Err() != nil {
		code = "env.timeout"
	}
	if e, is := err.(*url.Error); is {
		err = e.Err
	}
	return &flow.Error{Code: code, Err: fmt.Errorf("request to %s: %w", r.URL.Host, err)}
}

func responseOf(resp *http.Response, body []byte, took time.Duration) cty.Value {
	headers := map[string]cty.Value{}
	for name, values := range resp.Header {
		headers[strings.ToLower(name)] = cty.StringVal(strings.Join(values, ", "))
	}
	all := cty.MapValEmpty(cty.String)
	if len(headers) > 0 {
		all = cty.MapVal(headers)
	}
	parsed, err := jsonValue(body)
	if err != nil {
		parsed = cty.NullVal(anything)
	}
	return cty.ObjectVal(map[string]cty.Value{
		"status":  cty.NumberIntVal(int64(resp.StatusCode)),
		"headers": all,
		"body":    cty.StringVal(string(body)),
		"json":    parsed,
		"time":    cty.NumberFloatVal(took.Seconds()),
	})
}
