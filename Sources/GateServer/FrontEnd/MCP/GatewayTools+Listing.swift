import GateProtocol
import NIOCore

extension GatewayTools {
    /// What follows the backends' tools in a list: the gateway's own and the array's end.
    /// - Parameters:
    ///   - asTasks: whether `gate_call` is listed as a tool that can be called as a task.
    ///   - isFirst: whether nothing stands before them.
    static func listed(asTasks: Bool, isFirst: Bool) -> ByteBuffer {
        switch (asTasks, isFirst) {
        case (false, false): afterTools.plain
        case (false, true): alone.plain
        case (true, false): afterTools.tasks
        case (true, true): alone.tasks
        }
    }

    private static let afterTools = ends(comma: ",")
    private static let alone = ends(comma: "")

    private static func ends(comma: String) -> (plain: ByteBuffer, tasks: ByteBuffer) {
        let all = definitions + asyncDefinitions
        let asTasks = all.map { definition in
            let isCall = definition.contains("\"name\":\"\(Name.call.rawValue)\"")
            return isCall ? definition.dropLast() + "," + TaskSupport.listed + "}" : definition
        }
        return (
            ByteBuffer(string: comma + all.joined(separator: ",") + "]"),
            ByteBuffer(string: comma + asTasks.joined(separator: ",") + "]")
        )
    }

    /// None declares an output schema: what `gate_call` returns has the called tool's shape.
    static let definitions: [String] = [
        #"{"name":"gate_discover","description":"Finds tools of all connected servers by what you want to do. "#
            + #"Returns the best matches with their server, their name and the arguments to call them with. "#
            + #"Use it when no tool in your list fits, or when the list is long. Without a query it lists tools.","#
            + #""inputSchema":{"type":"object","properties":{"#
            + #""query":{"type":"string","description":"What the tool should do, in a few words."},"#
            + #""limit":{"type":"integer","minimum":1,"maximum":50,"#
            + #""description":"How many tools at most; 10 when left out."}}},"#
            + #""annotations":{"title":"Find tools","readOnlyHint":true,"openWorldHint":false}}"#,
        #"{"name":"gate_call","description":"Calls a tool of a connected server by server and tool name, as "#
            + #"gate_discover returns them. Works for every tool, also for those that are not in your list. "#
            + #"The result is the tool's own.","#
            + #""inputSchema":{"type":"object","properties":{"#
            + #""server":{"type":"string","description":"The server that has the tool."},"#
            + #""tool":{"type":"string","description":"The tool's name at that server."},"#
            + #""arguments":{"type":"object","description":"The tool's own arguments.","additionalProperties":true}},"#
            + #""required":["server","tool"]},"annotations":{"title":"Call any tool"}}"#,
        #"{"name":"gate_status","description":"Tells which servers are connected, whether they work, and what to do "#
            + #"about those that do not. Use it after a call failed with a code such as CIRCUIT_OPEN or BACKEND_DOWN.","#
            + #""inputSchema":{"type":"object","properties":{"#
            + #""server":{"type":"string","description":"Only this server; all when left out."}}},"#
            + #""annotations":{"title":"Status of the servers","readOnlyHint":true,"openWorldHint":false}}"#,
    ]
}
