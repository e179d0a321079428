# What must not work. send replaces one value of an exchange that is otherwise right, and expect_error says how the
# provider must refuse it: a run without that error fails.
idp {
  user "alice" {
    password = "correct horse battery staple"
  }
}

client "web" {
  redirect_uri = "https://app.example.com/callback"
}

client "server" {
  secret = "a secret that only this client has"
}

user "alice" {
  password = "correct horse battery staple"
}

user "mallory" {
  username = "alice"
  password = "a guess that is wrong"
}

run "wrong_password" {
  client = "web"
  user   = "mallory"
  expect_error {
    step = "signin"
    code = "signin.invalid_credentials"
  }
}

run "wrong_verifier" {
  client = "web"
  user   = "alice"
  send {
    code_verifier = "a-verifier-that-goes-with-another-challenge"
  }
  expect_error {
    step = "exchange"
    code = "exchange.invalid_grant"
  }
}

run "another_redirect_uri" {
  client = "web"
  user   = "alice"
  send {
    redirect_uri = "https://other.example.com/callback"
  }
  expect_error {
    code = "exchange.invalid_grant"
  }
}

run "wrong_secret" {
  client = "server"
  user   = "alice"
  send {
    client_secret = "another secret"
  }
  expect_error {
    code = "exchange.invalid_client"
  }
}

run "redeems_once" {
  client = "web"
  user   = "alice"
}

run "redeems_twice" {
  description = "the code of the run before has been used"
  client      = "web"
  user        = "alice"
  send {
    code = run.redeems_once.sent.code
  }
  expect_error {
    code = "exchange.invalid_grant"
  }
}
