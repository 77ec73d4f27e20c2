output "cluster_name" {
  description = "Name of the cluster: gcloud container clusters get-credentials NAME --region REGION."
  value       = google_container_cluster.pulse.name
}

output "database_url" {
  description = "PULSE_DATABASE_URL, for the Secret that the chart names."
  value       = "postgres://${google_sql_user.pulse.name}:${random_password.postgres.result}@${google_sql_database_instance.pulse.private_ip_address}:5432/${google_sql_database.pulse.name}?sslmode=require"
  sensitive   = true
}

output "redis_url" {
  description = "PULSE_REDIS_URL, for the Secret that the chart names. The certificate is signed by the instance's own authority: see server_ca_certs."
  value       = "rediss://:${google_redis_instance.pulse.auth_string}@${google_redis_instance.pulse.host}:${google_redis_instance.pulse.port}"
  sensitive   = true
}

output "bucket" {
  description = "Name of the bucket."
  value       = google_storage_bucket.pulse.name
}

output "media_url" {
  description = "PULSE_MEDIA_URL: where the service media keeps pictures."
  value       = local.media_url
}

output "media_values" {
  description = "Values of the chart that have the service media use the bucket."
  value       = yamlencode({ media = { url = local.media_url } })
}

output "media_credentials" {
  description = "Environment variables for the Secret that media.credentialsSecret of the chart names; empty where pods have an identity of the cloud."
  value       = ""
  sensitive   = true
}
