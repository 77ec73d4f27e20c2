# The cluster ---------------------------------------------------------------------------------------------------------

data "aws_iam_policy_document" "cluster" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["eks.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "cluster" {
  name               = "${var.name}-cluster"
  assume_role_policy = data.aws_iam_policy_document.cluster.json
}

resource "aws_iam_role_policy_attachment" "cluster" {
  role       = aws_iam_role.cluster.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
}

resource "aws_eks_cluster" "pulse" {
  name     = var.name
  role_arn = aws_iam_role.cluster.arn
  version  = var.kubernetes_version

  vpc_config {
    subnet_ids = var.subnet_ids
  }

  depends_on = [aws_iam_role_policy_attachment.cluster]
}

data "aws_iam_policy_document" "nodes" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "nodes" {
  name               = "${var.name}-nodes"
  assume_role_policy = data.aws_iam_policy_document.nodes.json
}

resource "aws_iam_role_policy_attachment" "nodes" {
  for_each   = toset(["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly"])
  role       = aws_iam_role.nodes.name
  policy_arn = "arn:aws:iam::aws:policy/${each.key}"
}

resource "aws_eks_node_group" "pulse" {
  cluster_name    = aws_eks_cluster.pulse.name
  node_group_name = var.name
  node_role_arn   = aws_iam_role.nodes.arn
  subnet_ids      = var.subnet_ids
  instance_types  = [var.node_type]

  scaling_config {
    min_size     = var.node_count.min
    desired_size = var.node_count.min
    max_size     = var.node_count.max
  }

  depends_on = [aws_iam_role_policy_attachment.nodes]
}

# The backends, which only the cluster's nodes reach --------------------------------------------------------------------

resource "aws_security_group" "backends" {
  name        = "${var.name}-backends"
  description = "Postgres and Redis, from the nodes of the cluster"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "backends" {
  for_each                     = { postgres = 5432, redis = 6379 }
  security_group_id            = aws_security_group.backends.id
  referenced_security_group_id = aws_eks_cluster.pulse.vpc_config[0].cluster_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
}

resource "random_password" "postgres" {
  length  = 32
  special = false
}

resource "aws_db_subnet_group" "pulse" {
  name       = var.name
  subnet_ids = var.subnet_ids
}

# Pulse refuses a database that may lose what it has acknowledged. fsync and full_page_writes cannot be turned off here.
resource "aws_db_parameter_group" "pulse" {
  name   = var.name
  family = "postgres16"

  parameter {
    name  = "synchronous_commit"
    value = "on"
  }

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
}

resource "aws_db_instance" "pulse" {
  identifier                = var.name
  engine                    = "postgres"
  engine_version            = "16"
  instance_class            = var.postgres_type
  allocated_storage         = var.postgres_storage_gib
  storage_type              = "gp3"
  storage_encrypted         = true
  multi_az                  = true
  db_name                   = "pulse"
  username                  = "pulse"
  password                  = random_password.postgres.result
  parameter_group_name      = aws_db_parameter_group.pulse.name
  db_subnet_group_name      = aws_db_subnet_group.pulse.name
  vpc_security_group_ids    = [aws_security_group.backends.id]
  backup_retention_period   = 14
  deletion_protection       = true
  final_snapshot_identifier = "${var.name}-final"
}

resource "random_password" "redis" {
  length  = 32
  special = false
}

resource "aws_elasticache_subnet_group" "pulse" {
  name       = var.name
  subnet_ids = var.subnet_ids
}

# Redis is a cache to Pulse: its data may be lost, and it is not backed up.
resource "aws_elasticache_replication_group" "pulse" {
  replication_group_id       = var.name
  description                = "Timelines, sessions and limits of ${var.name}"
  engine                     = "redis"
  engine_version             = "7.1"
  node_type                  = var.redis_type
  num_cache_clusters         = 2
  automatic_failover_enabled = true
  at_rest_encryption_enabled = true
  transit_encryption_enabled = true
  auth_token                 = random_password.redis.result
  subnet_group_name          = aws_elasticache_subnet_group.pulse.name
  security_group_ids         = [aws_security_group.backends.id]
}

# Objects -------------------------------------------------------------------------------------------------------------

resource "aws_s3_bucket" "pulse" {
  bucket_prefix = "${var.name}-"
}

resource "aws_s3_bucket_public_access_block" "pulse" {
  bucket                  = aws_s3_bucket.pulse.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "pulse" {
  bucket = aws_s3_bucket.pulse.id

  versioning_configuration {
    status = "Enabled"
  }
}

# What people delete can be brought back for as long as the database can, and is gone then.
resource "aws_s3_bucket_lifecycle_configuration" "pulse" {
  bucket = aws_s3_bucket.pulse.id

  rule {
    id     = "gone"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = 14
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  depends_on = [aws_s3_bucket_versioning.pulse]
}

# The pods of media alone may use the bucket, by EKS Pod Identity ---------------------------------------------------------

data "aws_region" "current" {}

locals {
  media_url = "s3://${aws_s3_bucket.pulse.id}?region=${data.aws_region.current.region}"
}

resource "aws_eks_addon" "pod_identity" {
  cluster_name = aws_eks_cluster.pulse.name
  addon_name   = "eks-pod-identity-agent"
}

data "aws_iam_policy_document" "pods" {
  statement {
    actions = ["sts:AssumeRole", "sts:TagSession"]
    principals {
      type        = "Service"
      identifiers = ["pods.eks.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "media" {
  name               = "${var.name}-media"
  assume_role_policy = data.aws_iam_policy_document.pods.json
}

data "aws_iam_policy_document" "media" {
  statement {
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.pulse.arn]
  }

  statement {
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
    resources = ["${aws_s3_bucket.pulse.arn}/*"]
  }
}

resource "aws_iam_role_policy" "media" {
  name   = "pictures"
  role   = aws_iam_role.media.id
  policy = data.aws_iam_policy_document.media.json
}

resource "aws_eks_pod_identity_association" "media" {
  for_each        = toset(var.media_accounts)
  cluster_name    = aws_eks_cluster.pulse.name
  namespace       = var.namespace
  service_account = each.key
  role_arn        = aws_iam_role.media.arn

  depends_on = [aws_eks_addon.pod_identity]
}
