package screens

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/signin/chrome"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/oidcflow/oidcflow/mockidp"
)

const (
	login       = "alice"
	password    = "correct horse battery"
	totpSecret  = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	question    = "Where were you born?"
	answer      = "Paris in spring"
	clientID    = "web"
	redirectURI = "https://app.example.com/callback"
)

// Stage is what cells are played with.
type Stage struct {
	Widget  string          // folder dist of npm's @okta/okta-signin-widget
	Page    string          // style of the hosted page: see mockidp.OktaOrg
	Browser *chrome.Browser // shared by all cells of chrome
	Net     Network         // nil: a good one
}

// Scene is one cell that is being played.
type Scene struct {
	Okta   *mockidp.Server
	Config signin.Config
	Flow   flow.Config
	stage  *Stage
	cell   Cell
	front  *front
	before func(context.Context) error // what was before the sign-in; nil: nothing
}

// scene starts Okta as the cell wants it, with a user and a client.
func (st *Stage) scene(c Cell) (s *Scene, err error) {
	s = &Scene{stage: st, cell: c, front: newFront()}
	if s.Okta, err = mockidp.Start(st.okta(c, s.front.URL)); err != nil {
		s.front.Close()
		return nil, err
	}
	// Nobody waits for the next code of an authenticator app: the clock is moved.
	s.Okta.Clock().Freeze()
	s.Config = s.everything()
	s.Flow = flow.Config{
		Issuer: s.front.URL, ClientID: clientID, RedirectURI: redirectURI, Scopes: []string{"openid", "profile", "email"},
		Now: s.Okta.Clock().Now, Wait: s.wait,
	}
	if c.Row.Client != nil {
		c.Row.Client(&s.Flow)
	}
	if c.Row.User != nil {
		c.Row.User(s)
	}
	s.front.lead(st.network(s)(s.Okta))
	s.Flow.SignIn = s.driver(s.Config)
	return s, nil
}

func (s *Scene) close() error {
	s.front.CloseClientConnections() // one that is held back ends here
	s.front.Close()
	return s.Okta.Close()
}

// okta is the provider of a cell.
func (st *Stage) okta(c Cell, issuer string) mockidp.Config {
	org := c.Row.Org
	org.Page = cmp.Or(org.Page, st.Page)
	org.DeviceFingerprints = true
	org.IdP = strings.Replace(issuer, "localhost", "127.0.0.1", 1) + elsewhere
	switch c.Generation {
	case "third":
		org.Generation = 3
	case "classic":
		org.Engine = "classic"
	}
	alice := &mockidp.Person{
		Login: login, Password: password, TOTP: totpSecret, Question: question, Answer: answer, Phone: "+15550100", Policy: c.Row.Policy,
	}
	if alice.Policy == nil {
		alice.Policy = []string{"password"}
	}
	if c.Row.Person != nil {
		c.Row.Person(alice)
	}
	return mockidp.Config{
		Login: "okta", Widget: st.Widget, Org: org, IssuerURL: issuer, NoAdmin: true,
		Clients: []mockidp.Client{{ID: clientID, RedirectURIs: []string{redirectURI}}},
		Users:   []mockidp.User{alice},
	}
}

// network is the stage's and the row's.
func (st *Stage) network(s *Scene) Network {
	nets := []Network{st.Net}
	if s.cell.Row.Net != nil {
		nets = append(nets, s.cell.Row.Net(s))
	}
	return func(okta http.Handler) http.Handler {
		for _, n := range nets {
			if n != nil {
				okta = n(okta)
			}
		}
		return okta
	}
}

// driver is a new one of the cell's kind. The one without a browser waits by moving Okta's clock.
func (s *Scene) driver(c signin.Config) flow.SignIn {
	if s.cell.Driver == "chrome" {
		return s.stage.Browser.Driver(c)
	}
	x := signin.NewIDX(c)
	x.Now, x.Wait = s.Okta.Clock().Now, s.wait
	return x
}

func (s *Scene) wait(_ context.Context, d time.Duration) error {
	s.Okta.Clock().Advance(d)
	return nil
}

// everything is alice with all that she has.
func (s *Scene) everything() signin.Config {
	answers, err := signin.ParseAnswers(strings.NewReader(question + " = " + answer))
	if err != nil {
		panic(err) // it is a constant
	}
	user := signin.User{Name: login, Password: trace.NewSecret("password", password), Factors: []signin.Factor{s.app(totpSecret), answers, mailbox{s.Okta}}}
	return signin.Config{User: user}
}

// app is an authenticator app by Okta's clock.
func (s *Scene) app(secret string) *signin.TOTP {
	app, err := signin.NewTOTP(trace.NewSecret("totp", secret))
	if err != nil {
		panic(err) // it is a constant
	}
	app.Now, app.Wait, app.Ledger = s.Okta.Clock().Now, s.wait, &signin.Ledger{}
	return app
}

// mailbox answers with the code that Okta has sent last, by whatever way.
type mailbox struct{ okta *mockidp.Server }

// CanAnswer implements [signin.CanAnswer].
func (m mailbox) CanAnswer(k signin.ChallengeKind) bool { return k == signin.ChallengeCode }

// Answer implements [signin.Factor].
func (m mailbox) Answer(_ context.Context, c signin.Challenge) (trace.Secret, error) {
	if c.Kind != signin.ChallengeCode {
		return trace.Secret{}, signin.ErrNotMine
	}
	sent := m.okta.Messages()
	if len(sent) == 0 {
		return trace.Secret{}, errors.New("a code is asked for that was not sent")
	}
	return trace.NewSecret("code", sent[len(sent)-1].Code), nil
}
