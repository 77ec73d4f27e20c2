resource "azurerm_resource_group" "pulse" {
  name     = var.name
  location = var.location
}

resource "azurerm_virtual_network" "pulse" {
  name                = var.name
  location            = azurerm_resource_group.pulse.location
  resource_group_name = azurerm_resource_group.pulse.name
  address_space       = ["10.80.0.0/16"]
}

# The cluster ---------------------------------------------------------------------------------------------------------

resource "azurerm_subnet" "nodes" {
  name                 = "nodes"
  resource_group_name  = azurerm_resource_group.pulse.name
  virtual_network_name = azurerm_virtual_network.pulse.name
  address_prefixes     = ["10.80.0.0/20"]
}

resource "azurerm_kubernetes_cluster" "pulse" {
  name                = var.name
  location            = azurerm_resource_group.pulse.location
  resource_group_name = azurerm_resource_group.pulse.name
  dns_prefix          = var.name
  kubernetes_version  = var.kubernetes_version

  # Pods have identities of their own.
  oidc_issuer_enabled       = true
  workload_identity_enabled = true

  default_node_pool {
    name                 = "pulse"
    vm_size              = var.node_type
    vnet_subnet_id       = azurerm_subnet.nodes.id
    auto_scaling_enabled = true
    min_count            = var.node_count.min
    max_count            = var.node_count.max
  }

  identity {
    type = "SystemAssigned"
  }

  network_profile {
    network_plugin      = "azure"
    network_plugin_mode = "overlay"
    network_policy      = "cilium"
    network_data_plane  = "cilium"
  }
}

# The database, in a subnet of its own ----------------------------------------------------------------------------------

resource "azurerm_subnet" "postgres" {
  name                 = "postgres"
  resource_group_name  = azurerm_resource_group.pulse.name
  virtual_network_name = azurerm_virtual_network.pulse.name
  address_prefixes     = ["10.80.16.0/24"]

  delegation {
    name = "postgres"

    service_delegation {
      name    = "Microsoft.DBforPostgreSQL/flexibleServers"
      actions = ["Microsoft.Network/virtualNetworks/subnets/join/action"]
    }
  }
}

resource "azurerm_private_dns_zone" "postgres" {
  name                = "${var.name}.postgres.database.azure.com"
  resource_group_name = azurerm_resource_group.pulse.name
}

resource "azurerm_private_dns_zone_virtual_network_link" "postgres" {
  name                  = var.name
  resource_group_name   = azurerm_resource_group.pulse.name
  private_dns_zone_name = azurerm_private_dns_zone.postgres.name
  virtual_network_id    = azurerm_virtual_network.pulse.id
}

resource "random_password" "postgres" {
  length  = 32
  special = false
}

resource "azurerm_postgresql_flexible_server" "pulse" {
  name                          = var.name
  location                      = azurerm_resource_group.pulse.location
  resource_group_name           = azurerm_resource_group.pulse.name
  version                       = "16"
  sku_name                      = var.postgres_type
  storage_mb                    = var.postgres_storage_gib * 1024
  delegated_subnet_id           = azurerm_subnet.postgres.id
  private_dns_zone_id           = azurerm_private_dns_zone.postgres.id
  public_network_access_enabled = false
  administrator_login           = "pulse"
  administrator_password        = random_password.postgres.result
  backup_retention_days         = 14

  high_availability {
    mode = "ZoneRedundant"
  }

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [azurerm_private_dns_zone_virtual_network_link.postgres]
}

# Pulse refuses a database that may lose what it has acknowledged. fsync and full_page_writes cannot be turned off here.
resource "azurerm_postgresql_flexible_server_configuration" "synchronous_commit" {
  name      = "synchronous_commit"
  server_id = azurerm_postgresql_flexible_server.pulse.id
  value     = "on"
}

resource "azurerm_postgresql_flexible_server_database" "pulse" {
  name      = "pulse"
  server_id = azurerm_postgresql_flexible_server.pulse.id
}

# Redis is a cache to Pulse: its data may be lost, and it is not backed up -----------------------------------------------

resource "azurerm_redis_cache" "pulse" {
  name                          = var.name
  location                      = azurerm_resource_group.pulse.location
  resource_group_name           = azurerm_resource_group.pulse.name
  capacity                      = var.redis_capacity
  family                        = "C"
  sku_name                      = "Standard"
  minimum_tls_version           = "1.2"
  public_network_access_enabled = false
}

resource "azurerm_private_endpoint" "redis" {
  name                = "${var.name}-redis"
  location            = azurerm_resource_group.pulse.location
  resource_group_name = azurerm_resource_group.pulse.name
  subnet_id           = azurerm_subnet.nodes.id

  private_service_connection {
    name                           = "redis"
    private_connection_resource_id = azurerm_redis_cache.pulse.id
    subresource_names              = ["redisCache"]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "redis"
    private_dns_zone_ids = [azurerm_private_dns_zone.redis.id]
  }
}

resource "azurerm_private_dns_zone" "redis" {
  name                = "privatelink.redis.cache.windows.net"
  resource_group_name = azurerm_resource_group.pulse.name
}

resource "azurerm_private_dns_zone_virtual_network_link" "redis" {
  name                  = "redis"
  resource_group_name   = azurerm_resource_group.pulse.name
  private_dns_zone_name = azurerm_private_dns_zone.redis.name
  virtual_network_id    = azurerm_virtual_network.pulse.id
}

# Objects -------------------------------------------------------------------------------------------------------------

resource "azurerm_storage_account" "pulse" {
  name                            = var.name
  location                        = azurerm_resource_group.pulse.location
  resource_group_name             = azurerm_resource_group.pulse.name
  account_tier                    = "Standard"
  account_replication_type        = "ZRS"
  min_tls_version                 = "TLS1_2"
  allow_nested_items_to_be_public = false
}

resource "azurerm_storage_container" "pulse" {
  name                  = "pulse"
  storage_account_id    = azurerm_storage_account.pulse.id
  container_access_type = "private"
}

# The pods of media alone may use the container, by workload identity ------------------------------------------------------

locals {
  media_url = "azblob://${azurerm_storage_container.pulse.name}?storage_account=${azurerm_storage_account.pulse.name}"
}

resource "azurerm_user_assigned_identity" "media" {
  name                = "${var.name}-media"
  location            = azurerm_resource_group.pulse.location
  resource_group_name = azurerm_resource_group.pulse.name
}

resource "azurerm_federated_identity_credential" "media" {
  for_each            = toset(var.media_accounts)
  name                = each.key
  resource_group_name = azurerm_resource_group.pulse.name
  parent_id           = azurerm_user_assigned_identity.media.id
  issuer              = azurerm_kubernetes_cluster.pulse.oidc_issuer_url
  audience            = ["api://AzureADTokenExchange"]
  subject             = "system:serviceaccount:${var.namespace}:${each.key}"
}

resource "azurerm_role_assignment" "media" {
  scope                = azurerm_storage_container.pulse.id
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = azurerm_user_assigned_identity.media.principal_id
}
