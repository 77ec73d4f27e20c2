resource "digitalocean_vpc" "pulse" {
  name   = var.name
  region = var.region
}

# The cluster ---------------------------------------------------------------------------------------------------------

data "digitalocean_kubernetes_versions" "pulse" {
  version_prefix = var.kubernetes_version
}

resource "digitalocean_kubernetes_cluster" "pulse" {
  name     = var.name
  region   = var.region
  version  = data.digitalocean_kubernetes_versions.pulse.latest_version
  vpc_uuid = digitalocean_vpc.pulse.id
  ha       = true

  node_pool {
    name       = var.name
    size       = var.node_type
    auto_scale = true
    min_nodes  = var.node_count.min
    max_nodes  = var.node_count.max
  }
}

# The backends, which only the cluster reaches ----------------------------------------------------------------------------

# Pulse refuses a database that may lose what it has acknowledged: fsync, full_page_writes and synchronous_commit are on
# here and cannot be turned off.
resource "digitalocean_database_cluster" "postgres" {
  name                 = "${var.name}-postgres"
  engine               = "pg"
  version              = "16"
  size                 = var.postgres_type
  storage_size_mib     = var.postgres_storage_gib * 1024
  region               = var.region
  node_count           = 2
  private_network_uuid = digitalocean_vpc.pulse.id

  lifecycle {
    prevent_destroy = true
  }
}

resource "digitalocean_database_db" "pulse" {
  cluster_id = digitalocean_database_cluster.postgres.id
  name       = "pulse"
}

# Redis is a cache to Pulse: its data may be lost, and it is not backed up. Valkey speaks the same protocol.
resource "digitalocean_database_cluster" "redis" {
  name                 = "${var.name}-redis"
  engine               = "valkey"
  version              = "8"
  size                 = var.redis_type
  region               = var.region
  node_count           = 2
  private_network_uuid = digitalocean_vpc.pulse.id
}

resource "digitalocean_database_firewall" "backends" {
  for_each   = { postgres = digitalocean_database_cluster.postgres.id, redis = digitalocean_database_cluster.redis.id }
  cluster_id = each.value

  rule {
    type  = "k8s"
    value = digitalocean_kubernetes_cluster.pulse.id
  }
}

# Objects -------------------------------------------------------------------------------------------------------------

resource "digitalocean_spaces_bucket" "pulse" {
  name   = var.name
  region = var.region
  acl    = "private"

  versioning {
    enabled = true
  }

  # What people delete can be brought back for two weeks, and is gone then.
  lifecycle_rule {
    id                                     = "gone"
    enabled                                = true
    abort_incomplete_multipart_upload_days = 1

    noncurrent_version_expiration {
      days = 14
    }
  }
}

# Pods have no identities here: a key that opens this Space alone. Spaces do not know the newer checksums of S3.
resource "digitalocean_spaces_key" "media" {
  name = "${var.name}-media"

  grant {
    bucket     = digitalocean_spaces_bucket.pulse.name
    permission = "readwrite"
  }
}

locals {
  media_url = "s3://${digitalocean_spaces_bucket.pulse.name}?endpoint=https://${var.region}.digitaloceanspaces.com&region=us-east-1&request_checksum_calculation=when_required&response_checksum_validation=when_required"
}
