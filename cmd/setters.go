package cmd

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// The set functions of settings whose values are more than text.

func setClientAuth(o *options, v []string) error {
	o.flow.ClientAuth = flow.ClientAuth(v[0])
	if v[0] == "auto" {
		o.flow.ClientAuth = flow.AuthAuto
	}
	return nil
}

func setClientKey(o *options, s trace.Secret) (err error) {
	o.flow.ClientKey, o.flow.ClientKeyID, err = parseKey(s.Reveal())
	return err
}

func setParam(o *options, v []string) error {
	o.flow.Params = url.Values{}
	for _, pair := range v {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return fmt.Errorf("want K=V, got %q", pair)
		}
		o.flow.Params.Add(name, value)
	}
	return nil
}

// setMaxAge takes seconds, as the parameter has them (OpenID Connect Core 1.0 §3.1.2.1), or a duration.
func setMaxAge(o *options, v []string) error {
	age, err := time.ParseDuration(v[0])
	if seconds, notSeconds := strconv.ParseInt(v[0], 10, 32); notSeconds == nil {
		age, err = time.Duration(seconds)*time.Second, nil
	}
	if err != nil || age < 0 || age%time.Second != 0 {
		return fmt.Errorf("want whole seconds, as in 300 or 5m, got %q", v[0])
	}
	o.flow.MaxAge = &age
	return nil
}

func setClockSkew(o *options, v []string) (err error) {
	o.flow.ClockSkew, err = duration(v[0])
	return err
}

func setTimeout(o *options, v []string) (err error) {
	o.timeout, err = duration(v[0])
	return err
}

func setMinTTL(o *options, v []string) (err error) {
	o.flow.MinTTL, err = duration(v[0])
	return err
}

func duration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("want a duration such as 90s or 2m, got %q", s)
	}
	return d, nil
}

func setCache(_ *options, v []string) error {
	if v[0] != "none" {
		return fmt.Errorf("want none, got %q: this version keeps no tokens", v[0])
	}
	return nil
}

func setConsent(o *options, v []string) error {
	o.consent = signin.Consent(v[0])
	return nil
}

// factorKinds are the kinds of challenges that --factor-order orders, as they are ordered without it.
var factorKinds = []string{string(signin.ChallengePasskey), string(signin.ChallengeTOTP), string(signin.ChallengeQuestion), string(signin.ChallengeCode)}

func setFactorOrder(o *options, v []string) error {
	for i, kind := range v {
		switch {
		case !contains(factorKinds, kind):
			return fmt.Errorf("no kind %q; %s", kind, nearest(kind, factorKinds, "there are "+strings.Join(factorKinds, ", ")))
		case contains(v[:i], kind):
			return fmt.Errorf("%q is there twice", kind)
		}
		o.order = append(o.order, signin.ChallengeKind(kind))
	}
	return nil
}

func setTOTP(o *options, s trace.Secret) error {
	f, err := signin.NewTOTP(s)
	if err != nil {
		return err
	}
	o.hasTOTP = true
	o.user.Factors = append(o.user.Factors, f)
	return nil
}

func setAnswers(o *options, s trace.Secret) error {
	f, err := signin.ParseAnswers(strings.NewReader(s.Reveal()))
	if err != nil {
		return err
	}
	o.user.Factors = append(o.user.Factors, f)
	return nil
}

// setCodeCommand leaves the name that the program is told to where the user is settled.
func setCodeCommand(o *options, v []string) error {
	words, err := commandWords(v[0])
	if err != nil {
		return err
	}
	o.code = &signin.Code{Args: words}
	return nil
}

func setProxy(o *options, v []string) error {
	u, err := url.Parse(v[0])
	if err == nil && u.Host == "" { // as curl and others take it
		u, err = url.Parse("http://" + v[0])
	}
	if err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5") {
		return errors.New("want http://HOST:PORT") // the value may hold a password
	}
	o.proxy = u
	return nil
}

func noPasswordInFlag(v []string, flag bool) error {
	if flag && strings.Contains(v[0], "@") {
		return errors.New("a proxy's user and password are read from HTTPS_PROXY only")
	}
	return nil
}
