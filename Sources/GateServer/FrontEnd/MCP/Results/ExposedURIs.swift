import GateBackend
import GateProtocol
import NIOCore

/// URIs in the results of a server some of whose resources are listed under other URIs: links, embedded resources and what was read
/// name them as the lists do, so that they can be read.
struct ExposedURIs {
    let name: (String) -> String

    func rewrite(_ result: inout ResultMembers) {
        rewrite("content", of: &result) { block($0) }
        rewrite("contents", of: &result) { renamed($0) }
        rewrite("messages", of: &result) { held($0) }
    }

    private func rewrite(
        _ member: StaticString, of result: inout ResultMembers, _ other: (ByteBuffer) -> ByteBuffer?
    ) {
        guard let field = result.find(member), field.isArray,
            let changed = JSONElements.replacing(in: result.message.slice(field.value), other)
        else { return }
        result.replace(member, with: changed)
    }

    /// A prompt's message, whose block is its `content`.
    private func held(_ element: ByteBuffer) -> ByteBuffer? {
        guard let members = JSONMembers(element), let content = members.find("content"), content.isObject,
            let other = block(members.slice(content))
        else { return nil }
        return DefinitionText.replacing("content", with: other, in: element)
    }

    private func block(_ element: ByteBuffer) -> ByteBuffer? {
        guard let members = JSONMembers(element), let type = members.string("type") else { return nil }
        switch type {
        case "resource_link": return renamed(element)
        case "resource":
            guard let resource = members.find("resource"), resource.isObject,
                let other = renamed(members.slice(resource))
            else { return nil }
            return DefinitionText.replacing("resource", with: other, in: element)
        default: return nil
        }
    }

    private func renamed(_ element: ByteBuffer) -> ByteBuffer? {
        guard let uri = JSONMembers(element)?.string("uri") else { return nil }
        let exposed = name(uri)
        return exposed.utf8.elementsEqual(uri.utf8) ? nil : DefinitionText.replacing("uri", with: exposed, in: element)
    }
}
