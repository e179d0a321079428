locals {
  custom  = var.auth_server != ""
  zoned   = length(var.egress) > 0
  network = local.zoned ? "ZONE" : "ANYWHERE"
  zones   = okta_network_zone.egress[*].id
}

# Who signs in.

resource "okta_group" "testers" {
  name        = var.name
  description = "Users whom pipelines sign in"
}

resource "okta_group_rule" "testers" {
  name              = var.name
  status            = "ACTIVE"
  group_assignments = [okta_group.testers.id]
  expression_type   = "urn:okta:expression:1.0"
  expression_value  = "user.userType == \"${var.user_type}\""
}

resource "okta_user" "tester" {
  for_each = var.users

  login      = each.key
  email      = each.key
  first_name = each.value.first_name
  last_name  = each.value.last_name
  user_type  = var.user_type
  password   = var.passwords[each.key]
}

# Where they sign in.

resource "okta_app_oauth" "app" {
  label                      = var.name
  type                       = var.app_type
  grant_types                = var.refresh_tokens ? ["authorization_code", "refresh_token"] : ["authorization_code"]
  response_types             = ["code"]
  redirect_uris              = [var.redirect_uri]
  token_endpoint_auth_method = var.app_type == "web" ? "client_secret_basic" : "none"
  pkce_required              = true
  refresh_token_rotation     = var.refresh_tokens ? "STATIC" : null
  refresh_token_leeway       = var.refresh_tokens ? 0 : null
  authentication_policy      = okta_app_signon_policy.testers.id

  groups_claim { # of the org server; a custom one has its own, below
    type        = "FILTER"
    filter_type = "EQUALS"
    name        = "groups"
    value       = okta_group.testers.name
  }
}

resource "okta_app_group_assignments" "testers" {
  app_id = okta_app_oauth.app.id

  group {
    id = okta_group.testers.id
  }
}

# From where, and with what.

resource "okta_network_zone" "egress" {
  count = local.zoned ? 1 : 0

  name     = var.name
  type     = "IP"
  gateways = var.egress
}

resource "okta_app_signon_policy" "testers" {
  name        = var.name
  description = "Password and a second factor that a program has"
}

resource "okta_app_signon_policy_rule" "testers" {
  policy_id                   = okta_app_signon_policy.testers.id
  name                        = "Test users"
  access                      = "ALLOW"
  factor_mode                 = "2FA"
  groups_included             = [okta_group.testers.id]
  network_connection          = local.network
  network_includes            = local.zoned ? local.zones : null
  re_authentication_frequency = "PT43800H" # once per session

  constraints = [
    jsonencode({
      knowledge = {
        types = ["password"]
      }
    })
  ]
}

resource "okta_policy_signon" "testers" {
  name            = var.name
  description     = "A session for test users, without a step-up"
  status          = "ACTIVE"
  groups_included = [okta_group.testers.id]
}

resource "okta_policy_rule_signon" "testers" {
  policy_id          = okta_policy_signon.testers.id
  name               = "Test users"
  status             = "ACTIVE"
  access             = "ALLOW"
  primary_factor     = "PASSWORD_IDP_ANY_FACTOR"
  mfa_required       = false # the app's own policy asks for the second factor
  network_connection = local.network
  network_includes   = local.zoned ? local.zones : null
}

# One factor is required, so that it is set up at the first sign-in; no other is offered, so that no screen asks for it.
resource "okta_policy_mfa" "testers" {
  name            = var.name
  description     = "The factor that oidcflow has"
  status          = "ACTIVE"
  is_oie          = true
  groups_included = [okta_group.testers.id]

  okta_password = {
    enroll = "REQUIRED"
  }

  google_otp = {
    enroll = var.factor == "google_otp" ? "REQUIRED" : "NOT_ALLOWED"
  }

  webauthn = {
    enroll = var.factor == "webauthn" ? "REQUIRED" : "NOT_ALLOWED"
  }

  okta_verify = {
    enroll = "NOT_ALLOWED"
  }
}

resource "okta_policy_rule_mfa" "testers" {
  policy_id = okta_policy_mfa.testers.id
  name      = "Test users"
  status    = "ACTIVE"
  enroll    = "LOGIN"
}

resource "okta_policy_password" "testers" {
  name                           = var.name
  description                    = "Long passwords that do not expire"
  status                         = "ACTIVE"
  groups_included                = [okta_group.testers.id]
  password_min_length            = 20
  password_max_age_days          = 0 # never expires
  password_expire_warn_days      = 0
  password_max_lockout_attempts  = 10
  password_auto_unlock_minutes   = 15
  password_show_lockout_failures = true # else a lock-out looks like a wrong password
}

resource "okta_policy_rule_password" "testers" {
  policy_id       = okta_policy_password.testers.id
  name            = "Test users"
  status          = "ACTIVE"
  password_change = "ALLOW"
  password_reset  = "DENY"
  password_unlock = "DENY"
}

# What they get, from a custom authorization server.

data "okta_auth_server" "server" {
  count = local.custom ? 1 : 0

  name = var.auth_server
}

resource "okta_auth_server_scope" "scope" {
  for_each = local.custom ? setunion(var.scopes, ["groups"]) : []

  auth_server_id   = data.okta_auth_server.server[0].id
  name             = each.key
  consent          = "IMPLICIT"
  metadata_publish = "ALL_CLIENTS"
}

resource "okta_auth_server_claim" "groups" {
  count = local.custom ? 1 : 0

  auth_server_id    = data.okta_auth_server.server[0].id
  name              = "groups"
  claim_type        = "IDENTITY"
  value_type        = "GROUPS"
  group_filter_type = "EQUALS"
  value             = okta_group.testers.name
  scopes            = [okta_auth_server_scope.scope["groups"].name]
}

resource "okta_auth_server_policy" "app" {
  count = local.custom ? 1 : 0

  auth_server_id   = data.okta_auth_server.server[0].id
  name             = var.name
  description      = "Tokens for the test users' app"
  status           = "ACTIVE"
  priority         = 1
  client_whitelist = [okta_app_oauth.app.client_id]
}

resource "okta_auth_server_policy_rule" "testers" {
  count = local.custom ? 1 : 0

  auth_server_id       = data.okta_auth_server.server[0].id
  policy_id            = okta_auth_server_policy.app[0].id
  name                 = "Test users"
  status               = "ACTIVE"
  priority             = 1
  group_whitelist      = [okta_group.testers.id]
  grant_type_whitelist = ["authorization_code"]
  scope_whitelist      = ["*"]
}
