// Posts the form as GraphQL over HTTP: a form alone can send neither JSON nor the key's header.
const field = (name) => document.getElementById(name);
const answer = field("answer");

field("operation").addEventListener("submit", async (event) => {
  event.preventDefault();
  answer.textContent = "Running ...";
  try {
    answer.textContent = JSON.stringify(await run(), null, 2);
  } catch (error) {
    answer.textContent = String(error.message);
  }
});

async function run() {
  const text = field("variables").value.trim();
  const variables = text ? JSON.parse(text) : undefined;
  const key = field("key").value.trim();
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  if (key) headers.Authorization = `Bearer ${key}`;
  const body = JSON.stringify({ query: field("query").value, variables });
  const response = await fetch(location.pathname, { method: "POST", headers, body });
  return response.json();
}
