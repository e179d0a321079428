variable "org_url" {
  description = "URL of the org, which is the issuer of its org server"
  type        = string
}

variable "redirect_uri" {
  description = "Where the application takes the authorization response; nothing needs to listen there"
  type        = string
}

variable "name" {
  description = "Name of the app, the group and the policies"
  type        = string
  default     = "Pipeline testers"
}

variable "app_type" {
  description = "web: has a secret; native or browser: has none"
  type        = string
  default     = "web"

  validation {
    condition     = contains(["web", "native", "browser"], var.app_type)
    error_message = "The type is web, native or browser."
  }
}

variable "refresh_tokens" {
  description = "Allow the grant refresh_token, for the scope offline_access"
  type        = bool
  default     = false
}

variable "users" {
  description = "The test users: login to names; the login is the e-mail address too"
  type = map(object({
    first_name = string
    last_name  = string
  }))
  default = {}
}

variable "passwords" {
  description = "The test users' passwords, by login"
  type        = map(string)
  sensitive   = true
  default     = {}
}

variable "user_type" {
  description = "What tells a test user: the group rule takes users with this User type into the group"
  type        = string
  default     = "oidcflow-test"
}

variable "factor" {
  description = "The second factor: google_otp for oidcflow totp enrol, webauthn for oidcflow passkey enrol"
  type        = string
  default     = "google_otp"

  validation {
    condition     = contains(["google_otp", "webauthn"], var.factor)
    error_message = "The factor is google_otp or webauthn."
  }
}

variable "egress" {
  description = "Addresses that the pipeline comes from, as CIDR or range; empty: test users sign in from anywhere"
  type        = list(string)
  default     = []
}

variable "auth_server" {
  description = "Name of a custom authorization server; empty: the org server"
  type        = string
  default     = "default"
}

variable "scopes" {
  description = "Scopes to add to the custom server, besides groups"
  type        = set(string)
  default     = []
}
