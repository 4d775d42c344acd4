extension NameBook {
    /// What a name in a call means at this moment.
    package enum Resolution: Hashable, Sendable {
        case tool(Record)
        /// A bare tool name that several servers offer. The caller has to say which: any candidate's `name`, or
        /// `server/tool`.
        case ambiguous([Record])
        /// The name belongs to a tool that is not offered now. It is not given to another one.
        case gone(Record)
        /// - similar: an exposed name that some client could have turned into this one.
        case unknown(similar: String?)
    }

    /// Finds the tool that a call means. In this order: the exact exposed name; `server/tool` with original names;
    /// the original tool name, if exactly one visible tool has it now.
    ///
    /// - Parameter isVisible: what the caller may see. A hidden tool is as good as absent, also in the question
    ///   whether a name is ambiguous.
    package func resolve(_ name: String, isVisible: (Record) -> Bool = { _ in true }) -> Resolution {
        var retired: Record?
        if let entry = byName[ExactText(name)].map({ entries[$0] }), isVisible(entry.record) {
            if entry.isActive { return .tool(entry.record) }
            retired = entry.record
        } else if let entry = entry(qualified: name), isVisible(entry.record) {
            if entry.isActive { return .tool(entry.record) }
            retired = entry.record
        }
        if let retired { return .gone(retired) }
        let candidates = (activeByTool[ExactText(name)] ?? []).map { entries[$0].record }.filter(isVisible)
        switch candidates.count {
        case 0: return .unknown(similar: similar(to: name, isVisible: isVisible))
        case 1: return .tool(candidates[0])
        default: return .ambiguous(candidates)
        }
    }

    /// Finds a tool of one server by its original name, or else by its exposed one, which callers mix up.
    package func resolve(
        server: String, tool: String, isVisible: (Record) -> Bool = { _ in true }
    ) -> Resolution {
        let exposed = byName[ExactText(tool)].map { entries[$0] }
        let original = byIdentity[ToolIdentity(server: server, tool: tool)].map { entries[$0] }
        let found = [original, exposed].compactMap(\.self)
            .filter { $0.record.server.sameBytes(as: server) && isVisible($0.record) }
        if let entry = found.first(where: \.isActive) { return .tool(entry.record) }
        if let entry = found.first { return .gone(entry.record) }
        let similar = (activeByServer[ExactText(server)] ?? []).lazy.map { entries[$0].record }
            .first { isVisible($0) && ToolNaming.fold($0.tool).sameBytes(as: ToolNaming.fold(tool)) }
        return .unknown(similar: similar?.tool)
    }

    /// The exposed name of a tool, also of one that is not offered now. Nil when it never had one.
    package func exposedName(of identity: ToolIdentity) -> String? {
        byIdentity[identity].map { entries[$0].record.name }
    }

    /// What `server` offers now, in its own order. Nil when nothing was ever set for it.
    package func tools(of server: String) -> [Record]? {
        activeByServer[ExactText(server)].map { $0.map { entries[$0].record } }
    }

    private func entry(qualified name: String) -> Entry? {
        guard let slash = name.utf8.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        let tool = String(name[name.utf8.index(after: slash)...])
        return byIdentity[ToolIdentity(server: String(name[..<slash]), tool: tool)].map { entries[$0] }
    }

    private func similar(to name: String, isVisible: (Record) -> Bool) -> String? {
        guard let entry = byFold[ExactText(ToolNaming.fold(name))].map({ entries[$0] }), entry.isActive,
            isVisible(entry.record)
        else { return nil }
        return entry.record.name
    }
}
