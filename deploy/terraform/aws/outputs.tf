output "cluster_name" {
  description = "Name of the cluster: aws eks update-kubeconfig --name NAME."
  value       = aws_eks_cluster.pulse.name
}

output "database_url" {
  description = "PULSE_DATABASE_URL, for the Secret that the chart names."
  value       = "postgres://pulse:${random_password.postgres.result}@${aws_db_instance.pulse.endpoint}/pulse?sslmode=require"
  sensitive   = true
}

output "redis_url" {
  description = "PULSE_REDIS_URL, for the Secret that the chart names."
  value       = "rediss://:${random_password.redis.result}@${aws_elasticache_replication_group.pulse.primary_endpoint_address}:6379"
  sensitive   = true
}

output "bucket" {
  description = "Name of the bucket."
  value       = aws_s3_bucket.pulse.id
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
