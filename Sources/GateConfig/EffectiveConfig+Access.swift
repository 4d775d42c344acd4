extension GatewayConfig.Grant {
    fileprivate var effectiveEntries: [(key: String, value: EffectiveValue)] {
        lists(tools) + [("resources", .table(lists(resources))), ("prompts", .table(lists(prompts)))]
    }

    private func lists(_ filter: BackendConfig.OfferFilter) -> [(key: String, value: EffectiveValue)] {
        [("allow", .array(filter.allow.map { .string($0) })), ("deny", .array(filter.deny.map { .string($0) }))]
    }
}

extension GatewayConfig.Tenant {
    var effectiveEntries: [(key: String, value: EffectiveValue)] {
        let values = values.keys.sorted().map { (key: $0, value: EffectiveValue.string(redactedText)) }
        let limits = zip(AccessReader.quotaKeys, [quota.inFlight, quota.callsPerMinute, quota.pending])
        return [("name", .string(name))] + grant.effectiveEntries
            + (values.isEmpty ? [] : [("values", .table(values))])
            + limits.compactMap { key, limit in limit.map { (key: key, value: EffectiveValue.integer($0)) } }
    }
}

extension GatewayConfig.Agent {
    /// The token is shown as one that is there, digests not at all: they are of no use to readers.
    var effectiveEntries: [(key: String, value: EffectiveValue)] {
        var entries: [(key: String, value: EffectiveValue)] = [("name", .string(name))]
        if let tenant { entries.append(("tenant", .string(tenant))) }
        entries += grant?.effectiveEntries ?? []
        if token != nil { entries.append(("token", .string(redactedText))) }
        if !tokenDigests.isEmpty {
            entries.append(("token_sha256", .array(tokenDigests.map { _ in .string(redactedText) })))
        }
        return entries
    }
}
