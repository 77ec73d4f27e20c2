output "cluster_name" {
  description = "Name of the cluster: doctl kubernetes cluster kubeconfig save NAME."
  value       = digitalocean_kubernetes_cluster.pulse.name
}

output "database_url" {
  description = "PULSE_DATABASE_URL, for the Secret that the chart names."
  value       = "postgres://${digitalocean_database_cluster.postgres.user}:${digitalocean_database_cluster.postgres.password}@${digitalocean_database_cluster.postgres.private_host}:${digitalocean_database_cluster.postgres.port}/${digitalocean_database_db.pulse.name}?sslmode=require"
  sensitive   = true
}

output "redis_url" {
  description = "PULSE_REDIS_URL, for the Secret that the chart names."
  value       = "rediss://default:${digitalocean_database_cluster.redis.password}@${digitalocean_database_cluster.redis.private_host}:${digitalocean_database_cluster.redis.port}"
  sensitive   = true
}

output "bucket" {
  description = "Name of the bucket."
  value       = digitalocean_spaces_bucket.pulse.name
}

output "media_url" {
  description = "PULSE_MEDIA_URL: where the service media keeps pictures."
  value       = local.media_url
}

output "media_values" {
  description = "Values of the chart that have the service media use the bucket."
  value       = yamlencode({ media = { url = local.media_url, credentialsSecret = "pulse-media" } })
}

output "media_credentials" {
  description = "Environment variables for the Secret that media.credentialsSecret of the chart names; empty where pods have an identity of the cloud."
  value       = <<-CREDENTIALS
    AWS_ACCESS_KEY_ID=${digitalocean_spaces_key.media.access_key}
    AWS_SECRET_ACCESS_KEY=${digitalocean_spaces_key.media.secret_key}
  CREDENTIALS
  sensitive   = true
}
