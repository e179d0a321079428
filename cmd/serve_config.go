package cmd

import (
	"time"

	"github.com/oidcflow/oidcflow/flow"
)

// effective returns cfg with the defaults of flow.Config that the web app shows and doctor judges by.
func effective(cfg flow.Config) flow.Config {
	if cfg.RedirectURI == "" {
		cfg.RedirectURI = "http://localhost:8080/callback"
	}
	if cfg.Scopes == nil {
		cfg.Scopes = []string{"openid"}
	}
	if cfg.ClockSkew == 0 {
		cfg.ClockSkew = 60 * time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return cfg
}
