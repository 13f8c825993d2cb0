# Clients that the platform team gives access to.

variable "extra_scopes" {
  type    = string
  default = "write:orders"
}

resource "auth0_client_grant" "deploy" {
  client_id = auth0_client.deploy.id
  audience  = "https://api.shop.example"
  scopes = [
    "read:orders",
    "write:orders",   # the smoke test no longer places orders
    "read:invoices",
  ]
}

resource "auth0_client_grant" "warehouse" {
  client_id = auth0_client.warehouse.id
  audience  = "https://api.shop.example"
  scopes    = ["read:orders", "write:invoices", var.extra_scopes]
}
