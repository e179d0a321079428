// Command oidcflow gets a user's OAuth 2.0 and OpenID Connect tokens through the authorization code flow, as the user's
// browser and an application would. `oidcflow help` says what it can do.
package main

import (
	"os"

	"github.com/oidcflow/oidcflow/cmd"
)

func main() { os.Exit(cmd.Main()) }
