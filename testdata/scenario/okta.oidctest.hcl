# Okta's policies, as an organisation of Okta's asks for them. idx answers by the API that Okta's own page uses: without
# a browser, and without Okta's page.
sign_in = "idx"

locals {
  password = "a password of twenty characters"
}

idp {
  login = "okta"

  user "password" {
    password = local.password
    policy   = ["password"]
  }
  user "code" {
    password = local.password
    totp     = "JBSWY3DPEHPK3PXP"
    policy   = ["password", "google_otp"]
  }
  user "question" {
    password = local.password
    question = "Which soup?"
    answer   = "tomato soup"
    policy   = ["password", "question"]
  }
  user "choice" {
    password = local.password
    totp     = "JBSWY3DPEHPK3PXP"
    question = "Which soup?"
    answer   = "tomato soup"
    policy   = ["password", "google_otp|question", "keep-me-signed-in"]
  }
  user "stranger" {
    password = local.password
    policy   = ["password", "not-assigned"]
  }
  user "push" {
    password = local.password
    policy   = ["password", "push"]
  }
}

client "web" {}

# What each policy lets in: the methods that the ID token names.
run "lets_in" {
  for_each = {
    password = ["pwd"]
    code     = ["mfa", "otp", "pwd"]
    question = ["kba", "mfa", "pwd"]
    choice   = ["mfa", "otp", "pwd"] # the better one of two
  }
  user = each.key

  assert "methods" {
    condition     = sort(result.id_token.amr) == tolist(each.value)
    error_message = "amr is ${jsonencode(result.id_token.amr)}"
  }
}

run "not_assigned" {
  description = "the user may not use this app"
  user        = "stranger"
  expect_error {
    code = "signin.not_assigned"
  }
}

run "push_needs_a_person" {
  user = "push"
  expect_error {
    code = "signin.mfa_unavailable"
  }
}
