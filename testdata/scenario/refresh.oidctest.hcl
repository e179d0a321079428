# Refresh tokens: what they give, and that each works once.
idp {
  user "alice" {
    password = "correct horse battery staple"
  }
}

client "web" {
  scopes = ["openid", "offline_access"]
}

run "signs_in" {
  assert "refresh_token" {
    # A token is a secret: it can be compared, and it is never shown.
    condition = result.tokens.refresh_token != null
  }
}

run "refreshes" {
  description   = "a run with a refresh token makes no sign-in"
  refresh_token = run.signs_in.tokens.refresh_token

  assert "same_user" {
    condition = result.id_token.sub == run.signs_in.id_token.sub
  }
  assert "rotated" {
    condition = result.tokens.refresh_token != run.signs_in.tokens.refresh_token
  }
}

run "old_one" {
  description   = "the token that was replaced works for half a minute, in case the answer was lost, and no more"
  advance       = "1m"
  refresh_token = run.signs_in.tokens.refresh_token
  expect_error {
    step = "refresh"
    code = "refresh.invalid_grant"
  }
}

run "revoked" {
  description = "then takes further steps: a token that was revoked is not active"
  then        = ["refresh", "revoke", "introspect"]

  assert "inactive" {
    condition = !result.introspection.active
  }
}
