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
