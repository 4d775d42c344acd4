import GateBackend
import GateProtocol
import NIOCore

/// The error -32042 of 2025-11-25: the call can go on when the user has opened some pages.
struct URLElicitations {
    struct Page {
        /// The params of an elicitation by URL.
        let params: ByteBuffer
        let url: String
    }

    let pages: [Page]

    /// - Returns: nil for every other error, and for one that names no page.
    init?(_ error: GateError) {
        guard error.code == .backendError, let detail = error.detail,
            let members = JSONMembers(ByteBuffer(bytes: detail)),
            members.number("code").flatMap({ Int($0) }) == RPCCode.urlElicitationRequired,
            let data = members.find("data").flatMap({ JSONMembers(members.slice($0)) }),
            let list = data.find("elicitations"), list.isArray
        else { return nil }
        let text = data.slice(list)
        let ranges = text.withUnsafeReadableBytes { bytes -> [Range<Int>] in
            var scanner = JSONScanner(bytes)
            return (try? scanner.scanArray()) ?? []
        }
        pages = ranges.compactMap { range in
            guard let page = text.getSlice(at: text.readerIndex + range.lowerBound, length: range.count),
                let members = JSONMembers(page), let url = members.string("url")
            else { return nil }
            let form = QuestionForm.fitting(
                .elicitation, page, version: .newest, capabilities: .questions, elicitationID: ElicitationID.make)
            return if case .params(let params) = form { Page(params: params, url: url) } else { nil }
        }
        if pages.isEmpty { return nil }
    }

    /// As `input_required`.
    func reply(state: ByteBuffer, id: ByteBuffer) -> RPCReply {
        InputRequired.reply(
            pages.enumerated().map { ("url\($0.offset + 1)", MCPMethod.elicit, $0.element.params) }, state: state,
            id: id)
    }

    /// For an agent that cannot be asked to open pages: a model can tell its user.
    func error(_ error: GateError) -> GateError {
        var error = error
        error.message =
            "Server '\(error.server ?? "")' needs the user to open a page before this call can succeed: "
            + pages.map(\.url).joined(separator: ", ") + ". Make the call again after that."
        return error
    }

    /// Whether the user has refused one of the pages.
    static func isRefused(_ answers: JSONMembers?) -> Bool {
        guard let answers else { return true }
        return answers.fields.list.contains { field in
            guard let action = JSONMembers(answers.slice(field))?.string("action") else { return false }
            return !action.utf8.elementsEqual("accept".utf8)
        }
    }
}
