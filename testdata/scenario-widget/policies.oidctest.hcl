# Okta's policies on Okta's own sign-in page, in headless Chrome. --widget is the folder of npm's @okta/okta-signin-widget,
# which the embedded provider's page loads:
#
#   oidcflow test testdata/scenario-widget --widget node_modules/@okta/okta-signin-widget/dist --var generation=3
variable "generation" {
  type        = number
  default     = 2
  description = "of the widget: 2 or 3"
}

sign_in = "chrome"

locals {
  password = "a password of twenty characters"
}

idp {
  okta {
    generation = var.generation
  }
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
  user "stranger" {
    password = local.password
    policy   = ["password", "not-assigned"]
  }
}

client "web" {
  redirect_uri = "https://app.example.com/callback"
}

run "lets_in" {
  for_each = {
    password = ["pwd"]
    code     = ["mfa", "otp", "pwd"]
    question = ["kba", "mfa", "pwd"]
  }
  user = each.key

  assert "methods" {
    condition     = sort(result.id_token.amr) == tolist(each.value)
    error_message = "amr is ${jsonencode(result.id_token.amr)}"
  }
}

run "not_assigned" {
  description = "the page says that the user may not use this app"
  user        = "stranger"
  expect_error {
    code = "signin.not_assigned"
  }
}
