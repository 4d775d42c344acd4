/// What the operator sees and decides.
extension PinBook {
    /// A definition that waits, was rejected, or is the one in force.
    package struct Listed: Sendable {
        package let tool: String
        package let version: Version
        /// What it is compared with.
        package let base: DefinitionDigest?
        /// Whether its server offers it now, as far as is known.
        package let isOffered: Bool
    }

    /// All that a server has, tools in the order of their names.
    package func list(_ server: String) -> [Listed] {
        (pins[ExactText(server)] ?? [:]).sorted { $0.key.text.utf8.lexicographicallyPrecedes($1.key.text.utf8) }
            .flatMap { name, pin -> [Listed] in
                let offered = pin.offered
                return pin.versions.map { version in
                    Listed(
                        tool: name.text, version: version,
                        base: version.isFirst ? nil : pin.base(of: version.digest)?.digest,
                        isOffered: offered.contains(version.digest))
                }
            }
    }

    package var servers: [String] { pins.keys.map(\.text).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }

    /// What the operator's decision makes of a definition; nothing is changed yet, so that it can be kept first.
    ///
    /// - Parameter digest: of the definition that was shown.
    /// - Returns: nil when it stands so already.
    package func deciding(
        _ standing: Standing, server: String, tool: String, _ digest: DefinitionDigest, now: Int
    ) throws(Refusal) -> Version? {
        guard let pin = pins[ExactText(server)]?[ExactText(tool)] else { throw .unknownTool }
        guard pin.offered.contains(digest), var version = pin.version(digest) else {
            guard let offered = pin.offered.first else { throw .unknownTool }
            throw .changedAgain(offered)
        }
        guard version.standing != standing else { return nil }
        version.standing = standing
        version.decided = now
        return version
    }

    /// Puts a decision in force.
    package mutating func decide(server: String, tool: String, _ version: Version) {
        // The server may have been removed meanwhile.
        guard var pin = pins[ExactText(server)]?[ExactText(tool)],
            let index = pin.versions.firstIndex(where: { $0.digest == version.digest })
        else { return }
        pin.versions[index] = version
        pins[ExactText(server)]?[ExactText(tool)] = pin
    }

    /// What was approved last, or served first, before another definition came.
    package func base(server: String, tool: String, of digest: DefinitionDigest) -> DefinitionDigest? {
        pins[ExactText(server)]?[ExactText(tool)]?.base(of: digest)?.digest
    }

    /// Whether a tool in this form is hidden.
    package func hold(
        server: String, tool: String, _ digest: DefinitionDigest, _ policy: IntegrityPolicy
    ) -> ToolHold? {
        guard let pin = pins[ExactText(server)]?[ExactText(tool)] else { return ToolHold(.new, digest) }
        return PinBook.hold(digest, in: pin, policy)
    }

    /// What was seen of a tool, oldest first.
    package func versions(server: String, tool: String) -> [Version] {
        pins[ExactText(server)]?[ExactText(tool)]?.versions ?? []
    }
}
