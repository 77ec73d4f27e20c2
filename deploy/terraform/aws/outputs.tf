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
