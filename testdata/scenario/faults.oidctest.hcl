# A provider that does something wrong, and one that does something unusual: the first must be noticed, the second must
# not be in the way. `oidcflow list faults` and `oidcflow list variations` name what there is.
idp {
  user "alice" {
    password = "correct horse battery staple"
  }
}

client "web" {}

run "another_audience" {
  faults = ["invalid-aud"]
  expect_error {
    step    = "verify"
    message = "aud"
  }
}

run "forged" {
  faults = ["invalid-sig-rs256"]
  expect_error {
    step = "verify"
  }
}

run "another_state" {
  faults = ["invalid-state"]
  expect_error {
    step = "callback"
    code = "callback.state"
  }
}

run "keys_change" {
  description = "keys may be replaced at any time, and the clock may be a minute ahead"
  variations  = ["signing-key-rotation-just-before-signing", "clock-off-a-minute"]
  assert "verified" {
    condition = contains(result.verified, "signature")
  }
}

run "judged" {
  description = "checks make the exchange and judge it: all of these must pass"
  checks      = ["invalid-sig-rs256", "invalid-aud", "missing-state"]
}
