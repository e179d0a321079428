package screens

import (
	"cmp"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/mockidp"
)

// Row is a screen or an error of Okta's sign-in: how it comes about, and what must come of it. The user is alice, who has
// every factor that a program can have, and the policy's screens come after her name.
type Row struct {
	Name   string
	Policy []string // of alice: see mockidp.OktaOrg; nil: a password
	Org    mockidp.OktaOrg
	Person func(*mockidp.Person) // changes alice as Okta knows her
	User   func(*Scene)          // changes the driver's Config
	Client func(*flow.Config)    // changes the client
	Net    func(*Scene) Network  // what happens between browser and Okta; nil: nothing

	AMR  string // of the ID token; empty: there is none
	Code string // of the error; empty: there is none
	Says string // in the error, at the Identity Engine

	ClassicCode string // where Classic's code is another; empty: it is Code
	Warns       string // in a warning
	Asks        string // the engine, in its order: paths below /idp/idx/, polls aside; of the second and third generation
	Authn       string // the same of the Classic engine: paths below /api/v1/authn
	Screen      string // Okta's name of the screen that the row is about, which drivers that read the wire have to see

	Without map[string]string // by generation, driver, or both with a blank between: why there is no such cell
}

// The generations and the drivers: what a row is played on.
var (
	Generations = []string{"second", "third", "classic"}
	Drivers     = []string{"chrome", "idx"}
)

// Cell is a row on one generation of the widget, by one driver.
type Cell struct {
	Row        *Row
	Generation string // second, third, classic
	Driver     string // chrome, idx
}

// Name is the cell's in a test's name.
func (c Cell) Name() string { return c.Row.Name + "/" + c.Generation + "/" + c.Driver }

const withoutBrowser = "the Classic engine is signed in to by a browser only"

// Missing says why there is no such cell; empty: there is.
func (c Cell) Missing() string {
	if c.Generation == "classic" && c.Driver == "idx" {
		return withoutBrowser
	}
	for _, key := range []string{c.Generation + " " + c.Driver, c.Generation, c.Driver} {
		if why := c.Row.Without[key]; why != "" {
			return why
		}
	}
	return ""
}

// Cells are all that there are of rows, row by row.
func Cells(rows []Row) (all []Cell) {
	for i := range rows {
		for _, g := range Generations {
			for _, d := range Drivers {
				if c := (Cell{&rows[i], g, d}); c.Missing() == "" {
					all = append(all, c)
				}
			}
		}
	}
	return all
}

// code is the error's that has to come.
func (c Cell) code() string {
	if c.Generation == "classic" {
		return cmp.Or(c.Row.ClassicCode, c.Row.Code)
	}
	return c.Row.Code
}

// asks is what the engine is to be asked.
func (c Cell) asks() string {
	if c.Generation == "classic" {
		return c.Row.Authn
	}
	return c.Row.Asks
}
