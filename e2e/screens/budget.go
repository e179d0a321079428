package screens

import (
	"errors"
	"fmt"
	"regexp"
)

// free is what every sign-in asks the provider for besides its engine, once each: it is the protocol's.
var free = regexp.MustCompile(`^/(\.well-known/openid-configuration|oauth2/v1/(authorize|token|keys)|login/token/redirect)$`)

// drawn is what a page needs besides: the widget's script and style, what starts it, and the browser's fingerprint.
var drawn = regexp.MustCompile(`^/(assets/js/sdk/okta-signin-widget/[^/]+/(js/okta-sign-in[a-z.]*\.js|css/okta-sign-in[a-z.]*\.css)|` +
	`assets/js/mvc/loginpage/initLoginPage\.pack\.js|auth/services/devicefingerprint|sso/idps/.*|elsewhere)$`)

// classicly is what leads through the Classic engine.
var classicly = regexp.MustCompile(`^/(\.well-known/webfinger|login/(sessionCookieRedirect|step-up/redirect)|oauth2/v1/authorize/redirect)$`)

// most is how many bytes the provider may send to a cell: little more than the widget's script and style.
func (c Cell) most() int64 {
	switch {
	case c.Driver == "idx":
		return 64 << 10
	case c.Generation == "third":
		return 4800 << 10
	case c.Generation == "classic":
		return 2 << 20
	}
	return 2500 << 10
}

// budget says what was asked for that nobody needs, or more often than anybody does, and whether it was too much.
func (c Cell) budget(o *Outcome) error {
	var wrong []error
	times := map[string]int{}
	for _, path := range o.Others {
		times[path]++
		due := free.MatchString(path) || c.Driver == "chrome" && drawn.MatchString(path) || c.Generation == "classic" && classicly.MatchString(path)
		most := 1
		if c.Generation == "classic" && drawn.MatchString(path) { // consent is a page of its own there
			most = 2
		}
		if !due || times[path] > most {
			wrong = append(wrong, fmt.Errorf("%s was asked for %d times; want it %d times at most", path, times[path], map[bool]int{true: most}[due]))
		}
	}
	if o.Bytes > c.most() {
		wrong = append(wrong, fmt.Errorf("the provider sent %d bytes; want %d at most", o.Bytes, c.most()))
	}
	return errors.Join(wrong...)
}
