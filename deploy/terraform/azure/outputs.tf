output "cluster_name" {
  description = "Name of the cluster: az aks get-credentials --resource-group NAME --name NAME."
  value       = azurerm_kubernetes_cluster.pulse.name
}

output "database_url" {
  description = "PULSE_DATABASE_URL, for the Secret that the chart names."
  value       = "postgres://pulse:${random_password.postgres.result}@${azurerm_postgresql_flexible_server.pulse.fqdn}:5432/${azurerm_postgresql_flexible_server_database.pulse.name}?sslmode=require"
  sensitive   = true
}

output "redis_url" {
  description = "PULSE_REDIS_URL, for the Secret that the chart names."
  value       = "rediss://:${urlencode(azurerm_redis_cache.pulse.primary_access_key)}@${azurerm_redis_cache.pulse.hostname}:${azurerm_redis_cache.pulse.ssl_port}"
  sensitive   = true
}

output "bucket" {
  description = "Name of the container for objects, with its storage account."
  value       = "${azurerm_storage_account.pulse.name}/${azurerm_storage_container.pulse.name}"
}

output "media_url" {
  description = "PULSE_MEDIA_URL: where the service media keeps pictures."
  value       = local.media_url
}

output "media_values" {
  description = "Values of the chart that have the service media use the bucket."
  value = yamlencode({
    media = {
      url                       = local.media_url
      serviceAccountAnnotations = { "azure.workload.identity/client-id" = azurerm_user_assigned_identity.media.client_id }
      podLabels                 = { "azure.workload.identity/use" = "true" }
    }
  })
}

output "media_credentials" {
  description = "Environment variables for the Secret that media.credentialsSecret of the chart names; empty where pods have an identity of the cloud."
  value       = ""
  sensitive   = true
}
