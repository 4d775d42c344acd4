import GateBackend
import GateCore
import GateProtocol

/// Finding prompts by name.
extension ToolCatalog {
    func resolve(prompt name: String, _ visibility: Visibility) throws(GateError) -> ToolTarget {
        let (found, unlisted) = ask(.prompts, visibility) { book in
            let isVisible = { (record: NameBook.Record) in visibility.sees(.prompt, record.server, record.tool) }
            if case .server(let server) = visibility.selection {
                return book.resolve(server: server, tool: name, isVisible: isVisible)
            }
            return book.resolve(name, isVisible: isVisible)
        }
        switch found {
        case .tool(let record): return ToolTarget(server: record.server, tool: record.tool)
        case .ambiguous(let candidates):
            let names = candidates.prefix(10).map { "\($0.server)/\($0.tool)" }.joined(separator: ", ")
            throw GateError(
                .promptNotFound, "Several servers have a prompt '\(name)': \(names). Say which.", source: .caller)
        case .gone(let record):
            throw GateError(
                .promptNotFound, "Server '\(record.server)' does not offer the prompt '\(record.tool)' at the moment.",
                source: .caller, server: record.server)
        case .unknown(let similar):
            if let server = unlisted.first ?? unread(.prompts, visibility) {
                throw GateError(
                    .starting,
                    "There is no prompt '\(name)' yet, but server '\(server)' has not listed its prompts. Try again shortly.",
                    server: server, retryAfter: 2)
            }
            let hint = similar.map { " Did you mean '\($0)'?" } ?? " prompts/list shows which there are."
            throw GateError(.promptNotFound, "There is no prompt '\(name)'.\(hint)", source: .caller)
        }
    }

    /// A server that is seen and offers this list, which has not been read yet.
    func unread(_ kind: ListKind, _ visibility: Visibility) -> String? {
        snapshot.servers(visibility).first { server in
            (server.offers?.lists.contains(kind) ?? true) && entry(server.name)?.items[kind] == nil
        }?.name
    }
}
