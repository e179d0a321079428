# A second factor. The code is computed from the secret, and nobody waits for the next one: each run gets a code that
# has not been used, as both sides go by the provider's clock.
idp {
  user "alice" {
    password = "correct horse battery staple"
    totp     = "JBSWY3DPEHPK3PXP"
  }
  user "bob" {
    password = "a password without a factor"
  }
}

client "web" {}

# A user block says what is typed. It may say less than the provider knows, or something else.
user "alice" {
  password = "correct horse battery staple"
  totp     = "JBSWY3DPEHPK3PXP"
}

user "alice_with_another_phone" {
  username = "alice"
  password = "correct horse battery staple"
  totp     = "KRSXG5CTMVRXEZLUKRSXG5CT"
}

user "bob" {
  password = "a password without a factor"
}

run "two_factors" {
  user = "alice"

  assert "both" {
    condition     = length(setsubtract(["pwd", "otp", "mfa"], result.id_token.amr)) == 0
    error_message = "amr is ${jsonencode(result.id_token.amr)}"
  }
}

run "one_factor" {
  user = "bob"

  assert "password_alone" {
    condition = result.id_token.amr == ["pwd"]
  }
}

run "another_phone" {
  description = "its codes are refused"
  user        = "alice_with_another_phone"

  expect_error {
    step = "signin"
    code = "signin.invalid_credentials"
  }
}
