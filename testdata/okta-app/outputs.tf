output "issuer" {
  description = "OIDCFLOW_ISSUER"
  value       = local.custom ? data.okta_auth_server.server[0].issuer : var.org_url
}

output "client_id" {
  description = "OIDCFLOW_CLIENT_ID"
  value       = okta_app_oauth.app.client_id
}

output "client_secret" {
  description = "OIDCFLOW_CLIENT_SECRET; empty where the app has none"
  value       = okta_app_oauth.app.client_secret
  sensitive   = true
}

output "redirect_uri" {
  description = "OIDCFLOW_REDIRECT_URI"
  value       = var.redirect_uri
}

output "scopes" {
  description = "OIDCFLOW_SCOPE"
  value = join(" ", concat(
    ["openid", "profile", "email", "groups"],
    var.refresh_tokens ? ["offline_access"] : [],
    local.custom ? tolist(var.scopes) : [],
  ))
}

output "usernames" {
  description = "OIDCFLOW_USERNAME, one of them"
  value       = [for u in okta_user.tester : u.login]
}
