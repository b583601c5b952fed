// Owns a plugin of OpenClaw's that asks for an approval before the agent lists a folder.

const QUESTION = { title: "List a folder", description: "The agent wants to see which files there are." };

export default {
  id: "asking",
  name: "Asking",
  description: "Asks for an approval before a folder is listed",
  register: (api) =>
    api.on("before_tool_call", ({ toolName }) =>
      toolName === "ls" ? { requireApproval: QUESTION } : undefined,
    ),
};
