variable "name" {
  type        = string
  description = "Name of everything that is made; lower case, as it becomes part of host names."
  default     = "pulse"
}

variable "vpc_id" {
  type        = string
  description = "The network that everything is in."
}

variable "subnet_ids" {
  type        = list(string)
  description = "Private subnets in two zones or more."
}

variable "kubernetes_version" {
  type        = string
  description = "Minor version of Kubernetes."
  default     = "1.33"
}

variable "node_type" {
  type        = string
  description = "Machine of the cluster's nodes."
  default     = "m7i.large"
}

variable "node_count" {
  type        = object({ min = number, max = number })
  description = "How many nodes there are."
  default     = { min = 3, max = 6 }
}

variable "postgres_type" {
  type        = string
  description = "Machine of the database."
  default     = "db.m7g.large"
}

variable "postgres_storage_gib" {
  type        = number
  description = "Room in the database."
  default     = 100
}

variable "redis_type" {
  type        = string
  description = "Machine of the cache."
  default     = "cache.t4g.medium"
}

variable "namespace" {
  type        = string
  description = "Namespace that the chart is installed in."
  default     = "pulse"
}

variable "media_accounts" {
  type        = list(string)
  description = "ServiceAccounts whose pods may use the bucket: those of the chart's Deployments that run the service media."
  default     = ["pulse-media", "pulse-media-worker"]
}
