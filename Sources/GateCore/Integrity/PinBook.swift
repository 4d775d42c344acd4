/// Which definitions of which tools were seen and approved, and what follows for what a server lists now.
///
/// A tool is known by its server's name and its own, for all tenants and over restarts. Definitions are kept by digest, so one that
/// was approved once stays approved: a server that goes back to it, or whose instances differ by tenant, asks for nothing again.
package struct PinBook: Sendable {
    struct Pin: Sendable {
        /// Oldest first.
        var versions: [Version] = []
        /// As last listed by the instance that speaks for its server.
        var current: DefinitionDigest?
        /// As last listed by other instances, newest last.
        var aside: [DefinitionDigest] = []

        func version(_ digest: DefinitionDigest) -> Version? { versions.first { $0.digest == digest } }
        var hasApproved: Bool { versions.contains { $0.standing == .approved } }

        /// What its server may answer with now.
        var offered: [DefinitionDigest] {
            let current = current ?? versions.max { $0.seen < $1.seen }?.digest
            return (current.map { [$0] } ?? []) + aside.filter { $0 != current }
        }

        /// What an unapproved definition is compared with: what was approved last, or what was served first.
        func base(of digest: DefinitionDigest) -> Version? {
            let others = versions.filter { $0.digest != digest && $0.standing != .rejected }
            let approved = others.filter { $0.standing == .approved }
            return approved.max { ($0.decided ?? $0.seen) < ($1.decided ?? $1.seen) } ?? others.first { $0.isFirst }
        }
    }

    /// Definitions of one tool that are remembered, of those that wait and of those that were approved.
    static let mostVersions = 8
    /// Tools of one server that are remembered.
    package static let mostTools = 10_000

    var pins: [ExactText: [ExactText: Pin]] = [:]
    private let mostTools: Int

    package init(mostTools: Int = PinBook.mostTools) { self.mostTools = mostTools }

    /// Takes in what was kept.
    package mutating func restore(server: String, tool: String, _ version: Version) {
        pins[ExactText(server), default: [:]][ExactText(tool), default: Pin()].versions.append(version)
    }

    /// Judges what a server lists.
    ///
    /// - Parameters:
    ///   - now: milliseconds since 1970.
    ///   - speaksForAll: false for an instance whose list is not shown to agents; its calls are held all the same.
    package mutating func judge(
        _ sightings: [Sighting], of server: String, _ policy: IntegrityPolicy, now: Int, speaksForAll: Bool = true
    ) -> Judgement {
        var judgement = Judgement()
        var own = pins[ExactText(server)] ?? [:]
        let listed = Set(sightings.map { ExactText($0.tool) })
        for sighting in sightings {
            let name = ExactText(sighting.tool)
            if own[name] == nil, own.count >= mostTools {
                guard policy.onChange != .block, let gone = PinBook.oldest(own, besides: listed) else {
                    // To forget another tool for it would let that one come back changed.
                    judgement.holds[name] = ToolHold(.new, sighting.digest)
                    continue
                }
                for version in own[gone]?.versions ?? [] { judgement.dropped.append((gone.text, version.digest)) }
                own[gone] = nil
            }
            var pin = own[name] ?? Pin()
            if pin.version(sighting.digest) == nil {
                PinBook.add(sighting, to: &pin, policy, now: now, &judgement)
            }
            if speaksForAll {
                pin.current = sighting.digest
            } else if sighting.digest != pin.current {
                pin.aside.removeAll { $0 == sighting.digest }
                pin.aside = pin.aside.suffix(PinBook.mostVersions - 1) + [sighting.digest]
            }
            judgement.holds[name] = PinBook.hold(sighting.digest, in: pin, policy)
            own[name] = pin
        }
        pins[ExactText(server)] = own
        return judgement
    }

    private static func add(
        _ sighting: Sighting, to pin: inout Pin, _ policy: IntegrityPolicy, now: Int, _ judgement: inout Judgement
    ) {
        let isFirst = pin.versions.isEmpty
        let isApproved = isFirst && policy.onNew == .allow && !sighting.isFlagged
        let version = Version(
            sighting.digest, isFirst: isFirst, standing: isApproved ? .approved : .waiting, seen: now,
            decided: isApproved ? now : nil)
        let previous = pin.base(of: sighting.digest)?.digest
        pin.versions.append(version)
        judgement.added.append((sighting.tool, version))
        for standing in [Standing.waiting, .approved] {
            let same = pin.versions.filter { $0.standing == standing && $0.digest != sighting.digest && !$0.isFirst }
            for old in same.dropLast(mostVersions - 1) where old.digest != pin.current {
                pin.versions.removeAll { $0.digest == old.digest }
                judgement.dropped.append((sighting.tool, old.digest))
            }
        }
        if !isApproved {
            judgement.news.append(
                News(
                    tool: sighting.tool, digest: sighting.digest, previous: previous,
                    isHeld: hold(sighting.digest, in: pin, policy) != nil))
        }
    }

    static func hold(_ digest: DefinitionDigest, in pin: Pin, _ policy: IntegrityPolicy) -> ToolHold? {
        guard let version = pin.version(digest) else { return ToolHold(.new, digest) }
        switch version.standing {
        case .approved: return nil
        case .rejected: return ToolHold(.rejected, digest)
        case .waiting: break
        }
        if pin.hasApproved { return policy.onChange == .block ? ToolHold(.changed, digest) : nil }
        // A tool that is hidden as new, or was only reported, does not come out of it by changing.
        if policy.onNew == .block { return ToolHold(.new, digest) }
        return !version.isFirst && policy.onChange == .block ? ToolHold(.changed, digest) : nil
    }

    private static func oldest(_ own: [ExactText: Pin], besides listed: Set<ExactText>) -> ExactText? {
        own.filter { !listed.contains($0.key) }
            .min { ($0.value.versions.last?.seen ?? 0) < ($1.value.versions.last?.seen ?? 0) }?.key
    }

    /// Forgets a server that was removed.
    package mutating func forget(_ server: String) { pins[ExactText(server)] = nil }
}
