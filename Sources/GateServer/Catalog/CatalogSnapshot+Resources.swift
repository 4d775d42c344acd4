import GateCore
import GateProtocol

/// Whose a URI is. The first of these decides: the exact URI of a list; the qualified form; a URI of a list that the client has
/// rewritten; a template; the only server that has resources at all.
extension CatalogSnapshot {
    func resolve(resource uri: String, _ visibility: Visibility) throws(GateError) -> ResourceTarget {
        let seen = servers(visibility)
        let isVisible = { (target: ResourceTarget) in visibility.sees(target) }
        if let listed = resources.listed(uri, isVisible: isVisible) { return listed }
        if let (name, own) = QualifiedURI.parts(uri), let server = seen.first(where: { $0.name.sameBytes(as: name) }) {
            return try target(own, of: server, visibility, asked: uri)
        }
        if let listed = resources.listed(normalized: uri, isVisible: isVisible) { return listed }
        let permitted = { (name: String) in
            visibility.sees(.resource, name, uri)
                && seen.contains { $0.name.sameBytes(as: name) && $0.filters.permits(resource: uri, of: name) }
        }
        if let server = resources.server(ofTemplateMatching: uri, isVisible: permitted) {
            return ResourceTarget(server: server, uri: uri)
        }
        let candidates = seen.filter(\.mayHaveResources)
        if candidates.count == 1, let only = candidates.first {
            return try target(uri, of: only, visibility, asked: uri)
        }
        if let unknown = candidates.first(where: { $0.offers == nil }) {
            throw GateError(
                .starting,
                "There is no resource '\(uri.prefix(bytes: 512))' yet, but server '\(unknown.name)' has not listed its "
                    + "resources. Try again shortly.", server: unknown.name, retryAfter: 2)
        }
        let hint =
            candidates.isEmpty
            ? ""
            : " For one that is not listed say whose it is: stonegate:SERVER/URI, with SERVER one of "
                + candidates.prefix(10).map(\.name).joined(separator: ", ") + "."
        throw notFound(uri, hint)
    }

    /// What a completion's `ref` of a resource means: a template as it is listed, or a URI.
    func resolve(template: String, _ visibility: Visibility) throws(GateError) -> ResourceTarget {
        let isVisible = { (target: ResourceTarget) in visibility.sees(target) }
        if let listed = resources.listed(template: template, isVisible: isVisible) { return listed }
        return try resolve(resource: template, visibility)
    }

    /// A resource that is said to be this server's: the server knows whether it is, unless it is hidden.
    private func target(
        _ own: String, of server: CatalogServer, _ visibility: Visibility, asked: String
    ) throws(GateError) -> ResourceTarget {
        let isOwn = { (target: ResourceTarget) in
            target.server.sameBytes(as: server.name) && visibility.sees(target)
        }
        if let listed = resources.listed(own, isVisible: isOwn) ?? resources.listed(template: own, isVisible: isOwn)
            ?? resources.listed(normalized: own, isVisible: isOwn)
        {
            return listed
        }
        guard server.mayHaveResources, server.filters.permits(resource: own, of: server.name),
            visibility.sees(.resource, server.name, own)
        else {
            throw notFound(asked, "")
        }
        return ResourceTarget(server: server.name, uri: own)
    }

    private func notFound(_ uri: String, _ hint: String) -> GateError {
        GateError(
            .resourceNotFound, "There is no resource '\(uri.prefix(bytes: 512))'.\(hint)", source: .caller)
    }

    /// The URI by which agents reach a server's own resource.
    func exposedURI(_ target: ResourceTarget, _ visibility: Visibility) -> String {
        if visibility.isOneServer { return target.uri }
        if let name = resources.exposedName(of: target) { return name }
        if let found = try? resolve(resource: target.uri, visibility), found.server.sameBytes(as: target.server) {
            return target.uri
        }
        return QualifiedURI.text(target.server, target.uri)
    }

    /// Whether URIs of this server may mean another's.
    func hasDisplacedURIs(_ server: String) -> Bool {
        !resources.displaced.isEmpty && resources.displaced.contains(ExactText(server))
    }
}
