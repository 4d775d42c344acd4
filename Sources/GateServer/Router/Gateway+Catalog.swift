package import GateBackend
import GateCore
package import GateProtocol
import NIOCore
import Synchronization

/// What agents see besides tools.
extension Gateway {
    package func list(
        _ kind: ListKind, _ visibility: Visibility, _ form: ListForm, cursor: String?
    ) throws(GateError) -> CatalogPage {
        try catalog.snapshot.page(kind, visibility, form, cursor: cursor, size: pageSize, now: .now)
    }

    package func offers(_ visibility: Visibility) -> BackendOffers { catalog.snapshot.offers(visibility) }
    package func instructions(_ visibility: Visibility) -> String { catalog.snapshot.instructions(visibility) }

    package func resolve(prompt name: String, _ visibility: Visibility) throws(GateError) -> ToolTarget {
        do throws(GateError) {
            return try catalog.resolve(prompt: name, visibility)
        } catch {
            throw unresolved(error, tool: name)
        }
    }

    package func resolve(resource uri: String, _ visibility: Visibility) throws(GateError) -> ResourceTarget {
        do throws(GateError) {
            return try catalog.snapshot.resolve(resource: uri, visibility)
        } catch {
            throw unresolved(error, tool: uri)
        }
    }

    package func resolve(template: String, _ visibility: Visibility) throws(GateError) -> ResourceTarget {
        do throws(GateError) {
            return try catalog.snapshot.resolve(template: template, visibility)
        } catch {
            throw unresolved(error, tool: template)
        }
    }

    package func exposedURI(_ target: ResourceTarget, _ visibility: Visibility) -> String {
        catalog.snapshot.exposedURI(target, visibility)
    }

    package func hasDisplacedURIs(_ server: String) -> Bool {
        catalog.hasDisplacedURIs.load(ordering: .acquiring) && catalog.snapshot.hasDisplacedURIs(server)
    }

    package func offers(of server: String) -> BackendOffers? {
        catalog.snapshot.servers.first { $0.name.sameBytes(as: server) }?.offers
    }
}
