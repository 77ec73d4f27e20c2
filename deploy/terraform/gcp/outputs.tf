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
